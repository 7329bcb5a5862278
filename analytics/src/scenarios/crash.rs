//! The 95th percentile of a window without a single session: the lookup panics.
//!
//! Look for the fatal, unhandled event whose top frame is `domain::percentile::percentile`, for the context `percentile`
//! with its 0 sessions, and for the transaction that is finished with `internal_error` all the same.

use actix_web::HttpResponse;
use scenario::{Event, Expect, Method, Scenario};
use serde_json::json;

use crate::domain::percentile::session_length_p95;

pub(super) static CRASH: Scenario = Scenario {
    name: "crash",
    method: Method::Get,
    path: "/api/debug/crash",
    title: "A percentile of nothing",
    demonstrates: "an unhandled panic: one fatal event, a 500, and a process that keeps running",
    look_for: "the top frame domain::percentile::percentile, mechanism panic, handled no; the crashed session",
    expect: Expect::event(
        500,
        Event::panic("RuntimeError", &["{{ default }}", "RuntimeError"])
            .breadcrumbs(&["request", "percentile"])
            .contexts(&["percentile"]),
    ),
    route: |route| route.to(crash),
    ..Scenario::PLAIN
};

async fn crash() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "session_length_p95_seconds": session_length_p95() }))
}
