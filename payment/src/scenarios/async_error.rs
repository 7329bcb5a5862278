//! A task settles the day's payouts; the account does not cover them, and whoever awaits the task gets the error.
//!
//! Look for the frames of the task in `domain::settlement` on an event that has the request's trace, and for both
//! figures in the context `settlement`.

use actix_web::HttpResponse;
use scenario::{Event, Expect, Method, Scenario};
use sentry_context::failure::Failure;
use serde_json::json;

use crate::domain::settlement;

pub(super) static ASYNC_ERROR: Scenario = Scenario {
    name: "async-error",
    method: Method::Get,
    path: "/debug/async-error",
    title: "An awaited task that fails",
    demonstrates: "an error that crosses from a task into the request, reported once",
    look_for: "the top frame domain::settlement::book; payouts and balance in the context settlement",
    expect: Expect::event(
        500,
        Event::error("SettlementError", &["payment", "SettlementError"])
            .breadcrumbs(&["request", "settlement", "settlement"])
            .contexts(&["settlement"]),
    ),
    route: |route| route.to(settle),
    ..Scenario::PLAIN
};

async fn settle() -> Result<HttpResponse, Failure> {
    let left = settlement::settle(250_000).await?;
    Ok(HttpResponse::Ok().json(json!({ "balance_cents": left })))
}
