//! Where Sentry clients of all versions send to. What is not an envelope is made into one.

mod cron;
mod minidump;
pub(crate) mod multipart;
mod security;
mod store;
mod stream;

use std::sync::PoisonError;

use actix_cors::Cors;
use actix_web::http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT,
};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, Route, web};
use serde::Serialize;
use serde_json::json;

use crate::answer::SharedAnswer;
use crate::envelope::BadEnvelope;
use crate::envelopes::Arrival;
use crate::forward::{Forward, RATE_LIMITS};
use crate::refusal::{refusal, takes};
use crate::store::{Accepted, Store};
use crate::text::{SHORT, clip};
use crate::upload::{self, BadUpload, Uploads};

/// Longest name of a project: Sentry's are numbers.
const MAX_PROJECT: usize = 64;

/// Most reasons that an answer lists.
const MAX_REASONS: usize = 20;

/// How long a browser may remember that it may send here, seconds.
const PREFLIGHT_SECONDS: usize = 3_600;

/// What Sentry shows to browsers' scripts.
const EXPOSED: [&str; 3] = ["x-sentry-error", RATE_LIMITS, "retry-after"];

pub(crate) use stream::Listeners;

/// Makes an envelope of the body of a request.
type Convert = fn(&HttpRequest, Bytes) -> Result<Bytes, BadEnvelope>;

pub(crate) fn routes(app: &mut web::ServiceConfig) {
    let endpoint = |path: &str, route: fn() -> Route, others: Route| {
        let paths = [format!("/api/{{project}}/{path}"), format!("/api/{{project}}/{path}/")];
        web::resource(paths.to_vec()).route(route()).default_service(others).wrap(from_anywhere())
    };
    app.service(endpoint("envelope", || web::post().to(envelope), takes("POST")))
        .service(endpoint("store", || web::post().to(event), takes("POST")))
        .service(endpoint("security", || web::post().to(security_report), takes("POST")))
        .service(endpoint("minidump", || web::post().to(crash), takes("POST")))
        .service(
            web::resource(STREAM)
                .route(web::post().to(spotlight))
                .route(web::get().to(stream::listen))
                .default_service(takes("GET, POST"))
                .wrap(from_anywhere()),
        )
        // Jobs ask for it in whatever way their tool does.
        .service(endpoint("cron/{monitor}/{key}", || web::route().to(check_in), takes("GET, POST, PUT")));
}

/// Where SDKs send to Spotlight. Its tools listen there, which is a look at what is held.
const STREAM: &str = "/stream";

/// Whether a request is one of those that any page and any host may send.
pub(crate) fn is_upload(method: &Method, path: &str) -> bool {
    let segments: Vec<_> = path.strip_suffix('/').unwrap_or(path).split('/').collect();
    matches!(
        segments.as_slice(),
        ["", "api", _, "envelope" | "store" | "security" | "minidump"] | ["", "api", _, "cron", _, _]
    ) || (path == STREAM && [Method::POST, Method::OPTIONS].contains(method))
}

/// Pages of any origin send here, as they send to Sentry.
fn from_anywhere() -> Cors {
    Cors::default()
        .allow_any_origin()
        .send_wildcard()
        .allowed_methods(["GET", "POST", "PUT"])
        .allow_any_header()
        .expose_headers(EXPOSED)
        .allow_private_network_access()
        .max_age(PREFLIGHT_SECONDS)
}

async fn envelope(request: HttpRequest, project: web::Path<String>, payload: web::Payload) -> HttpResponse {
    receive(request, ("envelope", &project), payload, |_, body| Ok(body)).await
}

async fn event(request: HttpRequest, project: web::Path<String>, payload: web::Payload) -> HttpResponse {
    receive(request, ("store", &project), payload, |_, body| store::envelope(&body)).await
}

async fn security_report(
    request: HttpRequest,
    project: web::Path<String>,
    payload: web::Payload,
) -> HttpResponse {
    receive(request, ("security", &project), payload, |_, body| security::envelope(&body)).await
}

async fn crash(request: HttpRequest, project: web::Path<String>, payload: web::Payload) -> HttpResponse {
    receive(request, ("minidump", &project), payload, |request, body| minidump::envelope(request, &body))
        .await
}

async fn spotlight(request: HttpRequest, payload: web::Payload) -> HttpResponse {
    // Its project is found in the envelope.
    receive(request, ("stream", ""), payload, |_, body| Ok(body)).await
}

async fn check_in(
    request: HttpRequest,
    path: web::Path<(String, String, String)>,
    payload: web::Payload,
) -> HttpResponse {
    receive(request, ("cron", &path.0), payload, |request, body| {
        cron::envelope(request.match_info().get("monitor").unwrap_or_default(), request.query_string(), &body)
    })
    .await
}

/// How a request came, as far as people want to know.
fn arrival(request: &HttpRequest, (endpoint, project): (&'static str, &str)) -> Arrival {
    let header =
        |name: HeaderName| request.headers().get(name).map(|it| String::from_utf8_lossy(it.as_bytes()));
    let text = |name: HeaderName| header(name).map(|it| clip(&it, SHORT));
    // Older clients name themselves where they name their key.
    let auth = header(HeaderName::from_static("x-sentry-auth"));
    let named = auth.as_ref().and_then(|auth| {
        auth.split(',').filter_map(|it| it.split_once('=')).find(|(name, _)| name.trim() == "sentry_client")
    });
    Arrival {
        project: project.to_owned(),
        endpoint,
        content_length: header(CONTENT_LENGTH).and_then(|it| it.parse().ok()),
        encoding: text(CONTENT_ENCODING),
        content_type: text(CONTENT_TYPE),
        client: named.map(|(_, client)| clip(client.trim(), SHORT)).or_else(|| text(USER_AGENT)),
    }
}

/// An envelope of items of one type.
fn envelope_of(ty: &str, payloads: &[impl AsRef<[u8]>]) -> Bytes {
    let mut envelope = b"{}\n".to_vec();
    for payload in payloads.iter().map(AsRef::as_ref) {
        envelope.extend(format!("{}\n", json!({ "type": ty, "length": payload.len() })).into_bytes());
        envelope.extend_from_slice(payload);
        envelope.push(b'\n');
    }
    Bytes::from(envelope)
}

/// Takes an envelope from any client: keys are not looked at.
async fn receive(
    request: HttpRequest,
    to: (&'static str, &str),
    payload: web::Payload,
    convert: Convert,
) -> HttpResponse {
    let (Some(store), Some(uploads), Some(answer), Some(forward)) = (
        request.app_data::<web::Data<Store>>(),
        request.app_data::<web::Data<Uploads>>(),
        request.app_data::<SharedAnswer>(),
        request.app_data::<web::Data<Option<Forward>>>(),
    ) else {
        return refusal(StatusCode::INTERNAL_SERVER_ERROR, "the inbox is not set up");
    };
    let mut arrival = arrival(&request, to);
    let body = upload::receive(&request, payload.into_inner(), uploads).await;
    if arrival.endpoint == "stream" {
        arrival.project = stream::project(body.as_deref().unwrap_or_default());
    }
    let answer = answer.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let mut response = match StatusCode::from_u16(answer.status).unwrap_or_default() {
        status if status.is_success() => {
            accept(&request, &arrival, (body, convert), (store, forward.as_ref().as_ref()), status)
        }
        status => {
            let reason = "the inbox is configured to answer this";
            store.refuse(&arrival, reason);
            refusal(status, reason)
        }
    };
    let limits = forward.as_ref().as_ref().and_then(|forward| forward.rate_limits(&arrival.project));
    if let Some(limits) = limits.and_then(|limits| HeaderValue::try_from(limits).ok()) {
        response.headers_mut().insert(HeaderName::from_static(RATE_LIMITS), limits);
    }
    for (name, value) in &answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name.as_str()), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    if !answer.delay.is_zero() {
        tokio::time::sleep(answer.delay).await;
    }
    response
}

fn accept(
    request: &HttpRequest,
    arrival: &Arrival,
    (body, convert): (Result<Bytes, BadUpload>, Convert),
    (store, forward): (&Store, Option<&Forward>),
    status: StatusCode,
) -> HttpResponse {
    let project = arrival.project.as_str();
    let refuse = |status, reason: &str| {
        store.refuse(arrival, reason);
        refused(project, status, reason)
    };
    if forward.is_some_and(|forward| forward.is_own(request.headers())) {
        return refuse(StatusCode::LOOP_DETECTED, "INBOX_FORWARD_URL leads back to this inbox");
    }
    if project.len() > MAX_PROJECT {
        return refuse(StatusCode::NOT_FOUND, "a project is a number");
    }
    let body = match body {
        Ok(body) => body,
        Err(bad) => {
            let mut answer = refuse(bad.status(), &bad.to_string());
            if matches!(bad, BadUpload::Busy) {
                answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
            }
            return answer;
        }
    };
    let body = match convert(request, body) {
        Ok(body) => body,
        Err(bad) => return refuse(bad.status(), &bad.to_string()),
    };
    match store.accept(arrival, body.clone()) {
        Ok(Accepted { event_id, refused }) => {
            if let Some(forward) = forward {
                forward.copy(request, project, &body);
            }
            let reasons: Vec<_> = refused.iter().take(MAX_REASONS).map(ToString::to_string).collect();
            if let Some(reason) = reasons.first() {
                tracing::warn!(project, items = refused.len(), reason, "items were refused");
            }
            HttpResponse::build(status).json(Receipt { id: event_id, refused: reasons })
        }
        Err(bad) => refused(project, bad.status(), &bad.to_string()),
    }
}

/// The answer to an envelope, as Sentry gives it; the reasons are ours.
#[derive(Debug, Serialize)]
struct Receipt {
    id: Option<String>,
    /// Why items were not kept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refused: Vec<String>,
}

fn refused(project: &str, status: StatusCode, reason: &str) -> HttpResponse {
    tracing::warn!(project, reason, "an envelope was refused");
    refusal(status, reason)
}
