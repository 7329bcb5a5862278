//! A referral chain that refers back to itself: the recursion runs until a guard sees the stack's end.
//!
//! Look for the fatal `RangeError` whose frames are the recursion itself, as many as Sentry keeps, and for the depth in
//! the context `stack_overflow`. The process lives: the guard leaves enough stack to tell.

use actix_web::HttpResponse;
use scenario::{Event, Expect, Method, Scenario};
use sentry_context::failure::Failure;
use serde_json::json;

use crate::domain::referrals;

pub(super) static GUARDED: Scenario = Scenario {
    name: "stack-overflow",
    method: Method::Get,
    path: "/debug/stack-overflow",
    title: "A referral chain without an end",
    demonstrates: "a runaway recursion, cut before the stack ends and told with its frames",
    look_for: "the same frame again and again; depth_reached in the context stack_overflow",
    parameters: &[],
    expect: Expect::event(
        500,
        Event {
            level: "fatal",
            ty: Some("RangeError"),
            message: None,
            handled: Some(true),
            fingerprint: &["payment", "RangeError"],
            breadcrumbs: &["request", "referrals", "referrals"],
            contexts: &["stack_overflow"],
        },
    ),
    without_database: None,
    heavy: false,
    route: |route| route.to(overflow),
    active: None,
};

async fn overflow() -> Result<HttpResponse, Failure> {
    let cents = referrals::bonus("alice", 100_000)?;
    Ok(HttpResponse::Ok().json(json!({ "bonus_cents": cents })))
}
