//! The part of Sentry's own API that `sentry-cli debug-files upload` asks for: what the server takes, chunks of files, and
//! files made of chunks. Any organization, any project and any token are accepted.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{Error, HttpRequest, HttpResponse, Scope, web};
use serde_json::{Value, json};

use super::sentry_cli::{MAX_BODY, refused};
use super::{missing, unreadable_body};
use crate::answers;
use crate::debug_files::{Assembled, DebugFile, MAX_CHUNK, MAX_FILE, Wanted, is_sha1};
use crate::ingest::multipart::parts;
use crate::refusal::{refusal, takes};
use crate::store::Store;

/// Most chunks of a request, and how long it may be: each has a head, too.
const CHUNKS: usize = 8;
const MAX_REQUEST: usize = CHUNKS * (MAX_CHUNK + 4096);

/// Requests that a client may send at once.
const CONCURRENCY: usize = 2;

/// What stands below an organization.
pub(super) fn chunks(organization: &mut web::ServiceConfig) {
    organization.service(
        web::resource("/chunk-upload/")
            .app_data(web::PayloadConfig::new(MAX_REQUEST))
            .get(options)
            .post(upload)
            .default_service(takes("GET, POST")),
    );
}

pub(super) fn routes(app: &mut web::ServiceConfig) {
    let json = web::JsonConfig::default().limit(MAX_BODY).error_handler(unreadable_body);
    let project: Scope = web::scope("/api/0/projects/{organization}/{project}")
        .app_data(json)
        .service(web::resource("/files/difs/assemble/").post(assemble).default_service(takes("POST")))
        .default_service(web::to(|| async { missing("part of Sentry's API") }));
    app.service(project).service(super::get("/api/debug-files").get(held));
}

/// `GET /api/debug-files`.
async fn held(store: web::Data<Store>) -> HttpResponse {
    let debug_files = store.read(|state| state.debug_files.newest_first());
    HttpResponse::Ok().json(answers::DebugFiles { debug_files })
}

async fn options(request: HttpRequest) -> HttpResponse {
    HttpResponse::Ok().json(json!({
        "url": request.full_url().as_str(),
        "chunkSize": MAX_CHUNK,
        "chunksPerRequest": CHUNKS,
        "maxRequestSize": CHUNKS * MAX_CHUNK,
        "maxFileSize": MAX_FILE,
        "hashAlgorithm": "sha1",
        "concurrency": CONCURRENCY,
        "compression": [],
        "accept": ["debug_files", "sources"],
    }))
}

async fn upload(
    request: HttpRequest,
    body: Result<web::Bytes, Error>,
    store: web::Data<Store>,
) -> HttpResponse {
    if let Some(refused) = refused(&request) {
        return refused;
    }
    let bad = |reason: &str| refusal(StatusCode::BAD_REQUEST, reason);
    let body = match body {
        Ok(body) => body,
        Err(error) => return refusal(error.as_response_error().status_code(), &error.to_string()),
    };
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let parts = match parts(content_type.unwrap_or_default(), &body) {
        Ok(parts) => parts,
        Err(error) => return bad(&error.to_string()),
    };
    let named = parts.iter().map(|part| (part.filename.as_deref().unwrap_or_default(), part.content.len()));
    if named.clone().any(|(name, length)| !is_sha1(name) || length > MAX_CHUNK) {
        return bad("each part is a chunk of at most 1 MiB, and the name of its file is its SHA-1");
    }
    store.change_debug_files(|files| named.for_each(|(name, length)| files.arrived(name, length)));
    HttpResponse::Ok().json(json!({}))
}

async fn assemble(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    wanted: web::Json<BTreeMap<String, Wanted>>,
    store: web::Data<Store>,
) -> HttpResponse {
    if let Some(refused) = refused(&request) {
        return refused;
    }
    let answers: BTreeMap<&String, Value> = store.change_debug_files(|files| {
        wanted.iter().map(|(sha1, wanted)| (sha1, answer(files.assemble(&path.1, sha1, wanted)))).collect()
    });
    HttpResponse::Ok().json(answers)
}

fn answer(assembled: Assembled) -> Value {
    match assembled {
        Assembled::Missing(missing) => json!({ "state": "not_found", "missingChunks": missing }),
        Assembled::Refused(why) => json!({ "state": "error", "missingChunks": [], "detail": why }),
        Assembled::Whole(file) => json!({ "state": "ok", "missingChunks": [], "dif": described(&file) }),
    }
}

/// A file as Sentry describes it, but for what only its content says.
fn described(file: &DebugFile) -> Value {
    json!({
        "id": file.sha1,
        "uuid": file.debug_id,
        "debugId": file.debug_id,
        "objectName": file.name,
        "cpuName": "any",
        "symbolType": "unknown",
        "sha1": file.sha1,
        "size": file.bytes,
        "data": {},
    })
}
