//! Three threads load reel strips; the second strip has a typing mistake.
//!
//! Look for the tag `thread.id` = 2, and for the request's trace and user on an event that no request handler made.

use actix_web::HttpResponse;
use scenario::{Event, Expect, Method, Scenario};
use sentry_context::failure::{self, Failure};
use sentry_context::spawn;
use serde_json::json;

use crate::domain::reels;
use crate::error::GameError;

pub(super) static THREADING_ERROR: Scenario = Scenario {
    name: "threading-error",
    method: Method::Get,
    path: "/debug/threading-error",
    title: "One thread of three fails",
    demonstrates: "an error on a plain thread that keeps the request's hub",
    look_for: "the tag thread.id = 2 and the trace of the request that started the thread",
    expect: Expect::event(
        200,
        Event::error("ValueError", &["game-engine", "thread", "ValueError"])
            .breadcrumbs(&["request", "reels", "wager"])
            .contexts(&["wager"]),
    ),
    route: |route| route.to(load),
    ..Scenario::PLAIN
};

async fn load() -> Result<HttpResponse, Failure> {
    let lost = |lost: Box<dyn std::error::Error + Send + Sync>| GameError::WorkLost(lost);
    let loaded = spawn::blocking(reels::load_strips).await.map_err(|error| lost(error.into()))?;
    let loaded = loaded.map_err(|error| lost(error.into()))?;
    let body = json!({
        "status": "loaded",
        "threads_created": loaded.created,
        "threads_failed": loaded.failed.len(),
    });
    Ok(failure::name_event(body, loaded.failed.first().copied().flatten()))
}
