//! A job that fails: it reads the provider's statement, and does not understand an amount.
//!
//! Look for the check-in `error` of the monitor, and for the event on its trace: its context `monitor` leads from one to
//! the other.

use actix_web::{HttpRequest, HttpResponse};
use scenario::{Event, Expect, Job, Method, RunState, Scenario};
use sentry_context::failure::Failure;
use sentry_context::monitor::{Monitor, Schedule, Unit};
use serde_json::json;

use super::job::{self, REPAIRED_AFTER};
use crate::domain::statement;

static READ_STATEMENT: Monitor = Monitor {
    slug: "read-statement",
    schedule: Schedule::Every(1, Unit::Day),
    margin_minutes: 60,
    max_runtime_minutes: 5,
};

pub(super) static CRON_ERROR: Scenario = Scenario {
    name: "cron-error",
    method: Method::Get,
    path: "/api/debug/cron-error",
    title: "A daily job that fails",
    demonstrates: "a job that checks in, fails, and says so: one event on the trace of the run",
    look_for: "the check-in error of the monitor read-statement, and the context monitor of its event",
    parameters: &[&REPAIRED_AFTER],
    expect: Expect::event(
        500,
        Event::error("StatementError", &["analytics", "job", "read-statement"])
            .breadcrumbs(&["request", "statement"])
            .contexts(&["monitor", "statement"]),
    )
    .job(Job {
        monitor: READ_STATEMENT.slug,
        run: RunState::Error,
        state: RunState::Error,
        after_minutes: 0,
    }),
    route: |route| route.to(run),
    active: Some(|request| job::broken(request, &READ_STATEMENT)),
    ..Scenario::PLAIN
};

async fn run(request: HttpRequest) -> Result<HttpResponse, Failure> {
    job::breaks(&request, &READ_STATEMENT)?;
    let total = READ_STATEMENT.watch(async { statement::total() }).await?;
    Ok(HttpResponse::Ok().json(json!({ "status": "ok", "total": total })))
}
