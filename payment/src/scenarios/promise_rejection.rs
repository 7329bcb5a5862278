//! A payout is confirmed in a task that nobody awaits; it fails when the answer is long gone.
//!
//! Look for `handled: no` and the mechanism `unawaited_task`; and for the trace, the user and the breadcrumbs of a request
//! that was answered with 200 some 100 ms before. Its session is a crashed one.

use actix_web::HttpResponse;
use scenario::{Event, Expect, Level, Method, Scenario};
use sentry_context::failure;
use serde_json::json;

use crate::domain::webhooks;

pub(super) static PROMISE_REJECTION: Scenario = Scenario {
    name: "promise-rejection",
    method: Method::Get,
    path: "/debug/promise-rejection",
    title: "A task that nobody awaits",
    demonstrates: "an unhandled failure after the answer, reported with all that the request knew",
    look_for: "mechanism unawaited_task, handled no; the request's trace, user and breadcrumbs",
    expect: Expect::event(
        200,
        Event::exception(Level::Error, "ConfirmationError", false, &["payment", "ConfirmationError"])
            .breadcrumbs(&["request", "webhooks", "webhooks"])
            .contexts(&["confirmation"]),
    ),
    route: |route| route.to(confirm),
    ..Scenario::PLAIN
};

async fn confirm() -> HttpResponse {
    let event = webhooks::confirm_later();
    failure::name_event(json!({ "status": "the payout will be confirmed" }), Some(event))
}
