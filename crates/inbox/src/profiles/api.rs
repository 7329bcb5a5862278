//! Profiles over HTTP.

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_DISPOSITION, ContentType};
use actix_web::{HttpResponse, web};
use serde::Serialize;
use tokio::sync::Semaphore;

use super::graph::Graph;
use super::request::{Query, Request};
use super::selection::Selection;
use super::speedscope::TooLarge;
use super::timeline::timeline;
use super::{Chunks, pprof, speedscope, threads};
use crate::answers::{Profile, Profilers};
use crate::refusal::{refusal, takes};
use crate::store::Store;

/// Profiles that are worked on at once; further ones wait. Each may take tens of MiB.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

pub(crate) fn routes(app: &mut web::ServiceConfig) {
    let get = |path: &str| web::resource(path).default_service(takes("GET"));
    app.service(get("/api/profilers").get(profilers))
        .service(get("/api/profile").get(profile))
        .service(get("/api/profile/speedscope").get(as_speedscope))
        .service(get("/api/profile/pprof").get(as_pprof));
}

/// What is answered, made on another thread.
struct Answer {
    body: Vec<u8>,
    /// The name under which a browser saves it.
    file: Option<&'static str>,
}

type Outcome = Result<Answer, (StatusCode, String)>;

async fn profilers(store: web::Data<Store>) -> HttpResponse {
    let all = store.read(|state| state.profiles.all());
    aside(move || json(&Profilers { profilers: all.iter().filter_map(Chunks::summary).collect() }, None))
        .await
}

async fn profile(query: web::Query<Query>, store: web::Data<Store>) -> HttpResponse {
    aside(move || json(&whole(&resolved(query, &store)?), None)).await
}

fn whole(request: &Request) -> Option<Profile> {
    let graph = Graph::of(&request.selection());
    Some(Profile {
        profiler: request.chunks.summary()?,
        from: request.from,
        to: request.to,
        thread: request.thread.clone(),
        by_span: request.spans.is_some(),
        threads: threads(&Selection { thread: None, ..request.selection() }),
        samples: graph.samples,
        busy_ms: graph.busy_ms,
        idle_ms: graph.idle_ms,
        functions: graph.functions,
        nodes: graph.nodes,
        omitted: graph.omitted,
        timeline: timeline(&request.chunks, request.thread.as_deref()),
    })
}

async fn as_speedscope(query: web::Query<Query>, store: web::Data<Store>) -> HttpResponse {
    aside(move || {
        let request = resolved(query, &store)?;
        let name = request.chunks.latest().and_then(|chunk| chunk.release.clone()).unwrap_or_default();
        let file = speedscope::export(&request.selection(), name).map_err(too_large)?;
        json(&file, Some("profile.speedscope.json"))
    })
    .await
}

async fn as_pprof(query: web::Query<Query>, store: web::Data<Store>) -> HttpResponse {
    aside(move || {
        let body = pprof::export(&resolved(query, &store)?.selection()).map_err(too_large)?;
        Ok(Answer { body, file: Some("profile.pb.gz") })
    })
    .await
}

fn resolved(query: web::Query<Query>, store: &Store) -> Result<Request, (StatusCode, String)> {
    query.into_inner().resolve(store).map_err(|bad| (bad.status(), bad.to_string()))
}

fn json(document: &impl Serialize, file: Option<&'static str>) -> Outcome {
    let body = serde_json::to_vec(document);
    body.map(|body| Answer { body, file })
        .map_err(|error| (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))
}

fn too_large(large: TooLarge) -> (StatusCode, String) {
    (StatusCode::PAYLOAD_TOO_LARGE, large.to_string())
}

/// On another thread: adding up minutes of samples takes longer than a client should wait for its envelope.
async fn aside(work: impl FnOnce() -> Outcome + Send + 'static) -> HttpResponse {
    let busy = || refusal(StatusCode::SERVICE_UNAVAILABLE, "the inbox is stopping");
    let Ok(_permit) = AT_ONCE.acquire().await else { return busy() };
    match web::block(work).await {
        Ok(Ok(Answer { body, file: None })) => {
            HttpResponse::Ok().content_type(ContentType::json()).body(body)
        }
        Ok(Ok(Answer { body, file: Some(name) })) => HttpResponse::Ok()
            .content_type(ContentType::octet_stream())
            .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
            .body(body),
        Ok(Err((status, reason))) => refusal(status, &reason),
        Err(_) => busy(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]
mod tests {
    use std::pin::pin;

    use futures_util::future::poll_immediate;

    use super::*;

    #[actix_web::test]
    async fn a_third_profile_waits_for_one_of_two() {
        let both = AT_ONCE.acquire_many(2).await.unwrap();
        let mut third = pin!(aside(|| json(&"third", None)));
        assert!(poll_immediate(third.as_mut()).await.is_none());
        drop(both);
        assert_eq!(third.await.status(), StatusCode::OK);
    }
}
