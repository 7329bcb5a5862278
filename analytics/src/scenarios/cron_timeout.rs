//! A job that does not end: it waits for results that cannot come, until its worker is taken away.
//!
//! No event: a worker that is stopped reports nothing. Look at the monitor: the run has begun, and a minute later it
//! has timed out. Sentry's clock ticks once a minute, so it may be two.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse};
use scenario::{Expect, Job, Method, Parameter, RunState, Scenario};
use sentry_context::failure::Failure;
use sentry_context::monitor::{Monitor, Schedule, Unit};
use serde_json::json;
use tokio::time::timeout;

use super::job::{self, REPAIRED_AFTER};
use crate::detail::RequestInvalid;
use crate::domain::archive;

/// After how long the worker is taken away.
static SECONDS: Parameter = Parameter::number("seconds", 1.0, 0.1, 30.0).quick(0.1);

/// Nothing is shorter in Sentry than a minute.
static PACK_ARCHIVE: Monitor = Monitor {
    slug: "pack-archive",
    schedule: Schedule::Every(1, Unit::Day),
    margin_minutes: 60,
    max_runtime_minutes: 1,
};

pub(super) static CRON_TIMEOUT: Scenario = Scenario {
    name: "cron-timeout",
    method: Method::Get,
    path: "/api/debug/cron-timeout",
    title: "A nightly job that never ends",
    demonstrates: "a run that began and did not end: no error is reported, but its time is up",
    look_for: "the monitor pack-archive: in progress at first, timed out a minute later",
    parameters: &[&SECONDS, &REPAIRED_AFTER],
    expect: Expect::answer(200).job(Job {
        monitor: PACK_ARCHIVE.slug,
        run: RunState::Timeout,
        state: RunState::Timeout,
        after_minutes: 2,
    }),
    route: |route| route.to(run),
    active: Some(|request| job::broken(request, &PACK_ARCHIVE)),
    ..Scenario::PLAIN
};

async fn run(request: HttpRequest) -> Result<HttpResponse, Failure> {
    let seconds = SECONDS.read(&request).map_err(RequestInvalid::from)?;
    job::breaks(&request, &PACK_ARCHIVE)?;
    let run = PACK_ARCHIVE.begin();
    let packed = timeout(Duration::from_secs_f64(seconds), archive::pack()).await;
    Ok(HttpResponse::Ok().json(match packed {
        Ok(rounds) => {
            run.end(true);
            json!({ "status": "ok", "rounds": rounds })
        }
        // The worker is gone, and the run with it: nobody checks in.
        Err(_) => json!({ "status": "in_progress", "waited_seconds": seconds }),
    }))
}
