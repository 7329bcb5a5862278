//! A report that reads everything into memory: about 50 MB more for a moment, and given back.
//!
//! Look for the context `memory_spike`: what the process gained, its peak, and where it is again afterwards.

use actix_web::{HttpRequest, HttpResponse};
use scenario::{Event, Expect, Level, Method, Scenario, Slot};
use sentry_context::failure::Failure;
use sentry_context::spawn;
use serde_json::json;

use crate::domain::revenue;
use crate::error::WorkLost;

pub(super) static MEMORY_SPIKE: Scenario = Scenario {
    name: "memory-spike",
    method: Method::Get,
    path: "/api/debug/memory-spike",
    title: "A report that reads everything at once",
    demonstrates: "a spike of resident memory that is over when the answer comes, and reported all the same",
    look_for: "the peak in the context memory_spike; one issue, although every message has different numbers",
    expect: Expect::event(
        200,
        Event::message(Level::Warning, "Memory spiked", &["analytics", "memory-spike"])
            .breadcrumbs(&["request", "revenue", "revenue"])
            .contexts(&["memory_spike"]),
    )
    .in_function("domain::revenue::monthly"),
    heavy: true,
    route: |route| route.to(report),
    ..Scenario::PLAIN
};

async fn report(request: HttpRequest) -> Result<HttpResponse, Failure> {
    let slot = Slot::of(&request);
    let work = spawn::blocking(move || {
        let _slot = slot;
        revenue::monthly()
    });
    let spike = work.await.map_err(WorkLost::from)?;
    Ok(HttpResponse::Ok().json(json!({
        "status": "given back",
        "memory_increase_mb": spike.increase_mb,
        "final_memory_mb": spike.final_mb,
    })))
}
