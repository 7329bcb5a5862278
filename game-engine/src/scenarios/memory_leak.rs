//! Recordings that nothing evicts: each call keeps more, up to a cap; DELETE frees all of it.
//!
//! Look for one issue however often it is called, for the context `memory_leak`, and for `memory_mb` in the runtime
//! context rising from event to event. The call that would pass the cap answers 507 and is an error of its own.

use actix_web::{HttpRequest, HttpResponse, web};
use scenario::{Event, Expect, Level, Method, Parameter, Scenario};
use sentry_context::failure::Failure;
use serde_json::{Value, json};

use crate::domain::replay_cache::ReplayCache;

static MB: Parameter = Parameter::number("mb", 10.0, 1.0, 100.0);

pub(super) static LEAK: Scenario = Scenario {
    name: "memory-leak",
    method: Method::Get,
    path: "/debug/memory-leak",
    title: "Recordings that nothing evicts",
    demonstrates: "a leak that is really resident, with its size in the event",
    look_for: "memory_mb in the runtime context, rising; one issue, although every message has different numbers",
    parameters: &[&MB],
    expect: Expect::event(
        200,
        Event::message(Level::Warning, "Memory grew", &["game-engine", "memory-leak"])
            .breadcrumbs(&["request", "replay_cache"])
            .contexts(&["memory_leak"]),
    ),
    route: |route| route.to(leak),
    active: Some(held),
    ..Scenario::PLAIN
};

pub(super) static RESET: Scenario = Scenario {
    name: "memory-leak-reset",
    method: Method::Delete,
    path: "/debug/memory-leak",
    title: "The recordings are dropped",
    demonstrates: "recovery: the memory goes back to the system",
    look_for: "an info message with what was released, and memory_mb back where it was",
    expect: Expect::event(
        200,
        Event::message(Level::Info, "Memory was released", &["game-engine", "memory-leak-reset"])
            .breadcrumbs(&["request", "replay_cache"])
            .contexts(&["memory_leak"]),
    ),
    route: |route| route.to(reset),
    ..Scenario::PLAIN
};

async fn leak(request: HttpRequest, cache: web::Data<ReplayCache>) -> Result<HttpResponse, Failure> {
    let growth = cache.record(MB.read(&request)?.ceil() as u64)?;
    Ok(HttpResponse::Ok().json(json!({
        "status": "leaking",
        "memory_increase_mb": growth.increase_mb,
        "total_leaked_mb": growth.total_mb,
        "current_memory_mb": growth.current_mb,
    })))
}

async fn reset(cache: web::Data<ReplayCache>) -> HttpResponse {
    HttpResponse::Ok().json(cache.clear().answer())
}

fn held(request: &HttpRequest) -> Option<Value> {
    request.app_data::<web::Data<ReplayCache>>()?.0.active()
}
