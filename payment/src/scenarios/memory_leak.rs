//! Receipts that nothing evicts: each call keeps more, up to a cap; DELETE frees all of them.
//!
//! Look for one issue however often it is called, for the context `memory_leak`, and for `memory_mb` in the runtime
//! context rising from event to event. The call that would pass the cap answers 507 and is an error of its own.

use actix_web::{HttpRequest, HttpResponse, web};
use scenario::{Event, Expect, Level, Method, Parameter, Scenario};
use sentry_context::failure::Failure;
use serde_json::{Value, json};

use crate::domain::receipts::ReceiptArchive;

static MB: Parameter = Parameter::number("mb", 50.0, 1.0, 100.0);

pub(super) static LEAK: Scenario = Scenario {
    name: "memory-leak",
    method: Method::Get,
    path: "/debug/memory-leak",
    title: "Receipts that nothing evicts",
    demonstrates: "a leak that is really resident, counted by what is held",
    look_for: "memory_mb in the runtime context, rising; one issue, although every message has different numbers",
    parameters: &[&MB],
    expect: Expect::event(200, event(Level::Warning, "Memory grew", &["payment", "memory-leak"])),
    route: |route| route.to(leak),
    active: Some(held),
    ..Scenario::PLAIN
};

pub(super) static RESET: Scenario = Scenario {
    name: "memory-leak-reset",
    method: Method::Delete,
    path: "/debug/memory-leak",
    title: "The receipts are dropped",
    demonstrates: "recovery: the memory goes back to the system",
    look_for: "an info message with what was released, and memory_mb back where it was",
    expect: Expect::event(200, event(Level::Info, "Memory was released", &["payment", "memory-leak-reset"])),
    route: |route| route.to(reset),
    ..Scenario::PLAIN
};

const fn event(level: Level, message: &'static str, fingerprint: &'static [&'static str]) -> Event {
    Event::message(level, message, fingerprint)
        .breadcrumbs(&["request", "receipts"])
        .contexts(&["memory_leak"])
}

async fn leak(request: HttpRequest, archive: web::Data<ReceiptArchive>) -> Result<HttpResponse, Failure> {
    let held = archive.archive(MB.read(&request)?.ceil() as u64)?;
    Ok(HttpResponse::Ok().json(json!({
        "status": "leaking",
        "heap_used_mb": held.current_mb,
        "leaked_items": held.receipts,
        "estimated_total_leak_mb": held.mb,
    })))
}

async fn reset(archive: web::Data<ReceiptArchive>) -> HttpResponse {
    HttpResponse::Ok().json(archive.clear().answer())
}

fn held(request: &HttpRequest) -> Option<Value> {
    request.app_data::<web::Data<ReceiptArchive>>()?.0.active()
}
