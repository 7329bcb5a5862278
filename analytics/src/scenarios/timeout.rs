//! An export that waits for a worker, where there is none.
//!
//! Look for the cause `Elapsed` below the `TimeoutError`, and for who waited for what in the context `timeout_context`.
//! A caller that hangs up leaves the queue at once, and no event.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use scenario::{Event, Expect, Method, Parameter, Scenario};
use sentry_context::failure::Failure;
use serde_json::{Value, json};

use crate::detail::RequestInvalid;
use crate::domain::exports::Exports;

static SECONDS: Parameter = Parameter::number("seconds", 5.0, 0.1, 30.0).quick(0.2);

pub(super) static TIMEOUT: Scenario = Scenario {
    name: "timeout",
    method: Method::Get,
    path: "/api/debug/timeout",
    title: "An export that no worker takes",
    demonstrates: "a timeout with its cause, answered when the time is up and not later",
    look_for: "Elapsed below the TimeoutError; one issue for this transaction, however long it waited",
    parameters: &[&SECONDS],
    expect: Expect::event(
        504,
        Event::error("TimeoutError", &["analytics", "timeout", "GET /api/debug/timeout"])
            .breadcrumbs(&["request", "exports", "exports"])
            .contexts(&["timeout_context"]),
    ),
    route: |route| route.to(export),
    active: Some(waiting),
    ..Scenario::PLAIN
};

async fn export(request: HttpRequest, exports: web::Data<Exports>) -> Result<HttpResponse, Failure> {
    let seconds = SECONDS.read(&request).map_err(RequestInvalid::from)?;
    exports.daily_report(Duration::from_secs_f64(seconds)).await?;
    Ok(HttpResponse::Ok().json(json!({ "status": "exported" })))
}

fn waiting(request: &HttpRequest) -> Option<Value> {
    let waiting = request.app_data::<web::Data<Exports>>()?.waiting();
    (waiting > 0).then(|| json!({ "waiting": waiting }))
}
