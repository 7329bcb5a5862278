//! A job that no longer runs: its last run succeeded, and scheduled no other.
//!
//! No event and no error anywhere. Look at the monitor: two minutes later it is missed, and Sentry opens an issue. Its clock
//! ticks once a minute, so it may be three.

use actix_web::{HttpRequest, HttpResponse};
use scenario::{Expect, Job, Method, RunState, Scenario};
use sentry_context::failure::Failure;
use sentry_context::monitor::{Monitor, Schedule, Unit};
use serde_json::json;

use super::job::{self, REPAIRED_AFTER};
use crate::domain::digest::{self, Digest};

/// Nothing is shorter in Sentry than a minute and a margin of one.
static SEND_DIGEST: Monitor = Monitor {
    slug: "send-digest",
    schedule: Schedule::Every(1, Unit::Minute),
    margin_minutes: 1,
    max_runtime_minutes: 1,
};

pub(super) static CRON_MISSED: Scenario = Scenario {
    name: "cron-missed",
    method: Method::Get,
    path: "/api/debug/cron-missed",
    title: "A job that is not scheduled again",
    demonstrates: "a failure that no line of code reports: only the schedule knows that a run is missing",
    look_for: "the monitor send-digest: one check-in ok, and missed from the second minute on",
    parameters: &[&REPAIRED_AFTER],
    expect: Expect::answer(200).job(Job {
        monitor: SEND_DIGEST.slug,
        run: RunState::Ok,
        state: RunState::Missed,
        after_minutes: 3,
    }),
    route: |route| route.to(run),
    active: Some(|request| job::broken(request, &SEND_DIGEST)),
    ..Scenario::PLAIN
};

async fn run(request: HttpRequest) -> Result<HttpResponse, Failure> {
    job::breaks(&request, &SEND_DIGEST)?;
    let run = SEND_DIGEST.begin();
    let Digest { written, next_run_minutes } = digest::send();
    run.end(true);
    Ok(HttpResponse::Ok().json(json!({
        "status": "ok",
        "written": written,
        "next_run_minutes": next_run_minutes,
    })))
}
