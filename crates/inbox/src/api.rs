//! What is held, as JSON.
//!
//! - `issues`: issues, what is decided of them, and events; `traces`: transactions, traces, logs
//! - `received`: what else arrived, such as attachments and feedback, and the envelopes themselves
//! - `releases`, `debug_files`: what `sentry-cli` asks for; `sentry_cli`: what its requests have in common
//! - `charts`: numbers over time; `filter`: what lists are narrowed to, searched for, and sorted by

mod charts;
mod debug_files;
mod filter;
mod issues;
mod received;
mod releases;
mod sentry_cli;
mod traces;

use actix_web::error::{InternalError, JsonPayloadError, QueryPayloadError};
use actix_web::http::StatusCode;
use actix_web::{Error, HttpRequest, HttpResponse, Resource, web};
use serde::Serialize;
use serde_json::json;
use tokio::sync::Semaphore;

use crate::query::BadQuery;
use crate::refusal::{refusal, takes};
use crate::store::{State, Store};

/// Longest body of a request to the API, bytes.
const MAX_BODY: usize = 4 * 1024;

pub(crate) fn routes(app: &mut web::ServiceConfig) {
    app.app_data(web::QueryConfig::default().error_handler(unreadable_query))
        .app_data(web::JsonConfig::default().limit(MAX_BODY).error_handler(unreadable_body))
        .service(get("/health").get(health))
        .service(get("/api/stats").get(stats))
        .service(web::resource("/api/all").delete(clear).default_service(takes("DELETE")))
        .configure(issues::routes)
        .configure(traces::routes)
        .configure(received::routes)
        .configure(releases::routes)
        .configure(debug_files::routes)
        .configure(charts::routes);
}

/// A resource that can only be looked at.
fn get(path: &str) -> Resource {
    web::resource(path).default_service(takes("GET"))
}

fn unreadable_query(error: QueryPayloadError, _: &HttpRequest) -> Error {
    let answer = refusal(StatusCode::BAD_REQUEST, &error.to_string());
    InternalError::from_response(error, answer).into()
}

fn unreadable_body(error: JsonPayloadError, _: &HttpRequest) -> Error {
    let status = match &error {
        JsonPayloadError::OverflowKnownLength { .. } | JsonPayloadError::Overflow { .. } => {
            StatusCode::PAYLOAD_TOO_LARGE
        }
        JsonPayloadError::ContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        _ => StatusCode::BAD_REQUEST,
    };
    let answer = refusal(status, &error.to_string());
    InternalError::from_response(error, answer).into()
}

/// The answer to a search that cannot be read.
fn unreadable(bad: &BadQuery) -> HttpResponse {
    refusal(StatusCode::BAD_REQUEST, &bad.to_string())
}

async fn health() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}

async fn stats(store: web::Data<Store>) -> HttpResponse {
    HttpResponse::Ok().json(store.read(State::stats))
}

async fn clear(store: web::Data<Store>) -> HttpResponse {
    store.clear();
    HttpResponse::NoContent().finish()
}

fn found(what: &str, document: Option<impl Serialize>) -> HttpResponse {
    match document {
        Some(document) => HttpResponse::Ok().json(document),
        None => missing(what),
    }
}

fn missing(what: &str) -> HttpResponse {
    refusal(StatusCode::NOT_FOUND, &format!("no such {what} is held"))
}

/// Answers that are computed at once on other threads; further ones wait. Each may take tens of MiB.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// Work on another thread: reading thousands of payloads takes longer than a client should wait for its envelope.
async fn aside(work: impl FnOnce() -> Document + Send + 'static) -> HttpResponse {
    let stopping = || refusal(StatusCode::SERVICE_UNAVAILABLE, "the inbox is stopping");
    let Ok(_permit) = AT_ONCE.acquire().await else { return stopping() };
    match web::block(work).await {
        Ok(Ok(body)) => HttpResponse::Ok().content_type("application/json").body(body),
        Ok(Err((status, reason))) => refusal(status, &reason),
        Err(_) => stopping(),
    }
}

/// A body, or why there is none.
type Document = Result<Vec<u8>, (StatusCode, String)>;

fn body(document: &impl Serialize) -> Document {
    serde_json::to_vec(document).map_err(|error| (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))
}
