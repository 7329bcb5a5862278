//! A spin whose random numbers are audited first, as `POST /calculate` does where the caller sets `cpu_intensive`.
//!
//! Look at the profile of the transaction: the spans say which part of the audit took how long, the flame graph in which
//! function. The audit runs beside the workers, so that other requests are answered as quickly as ever.

use std::time::Instant;

use actix_web::{HttpRequest, HttpResponse};
use scenario::{Expect, Method, Scenario, Slot};
use sentry_context::failure::Failure;
use sentry_context::{breadcrumbs, facts, spawn};
use serde_json::json;

use crate::domain::payout::Paytable;
use crate::domain::{audit, spin};
use crate::error::GameError;

pub(super) static CPU_INTENSIVE: Scenario = Scenario {
    name: "cpu-intensive",
    method: Method::Get,
    path: "/debug/cpu-intensive",
    title: "A spin with an expensive audit",
    demonstrates: "a request that is slow because it computes, and the function in which it does",
    look_for: "the profile of the transaction, and its spans, one for each part of the audit",
    expect: Expect::answer(200).in_function("domain::audit::has_period"),
    heavy: true,
    route: |route| route.to(audited_spin),
    ..Scenario::PLAIN
};

async fn audited_spin(request: HttpRequest) -> Result<HttpResponse, Failure> {
    let bet = 1.0;
    breadcrumbs::step("game", "calculating a spin", facts([("bet", bet.into())]));
    let slot = Slot::of(&request);
    let started = Instant::now();
    let audit = spawn::blocking(move || {
        let _slot = slot;
        audit::run();
    });
    audit.await.map_err(|lost| GameError::WorkLost(lost.into()))?;
    let duration = started.elapsed();
    let outcome = spin::spin(bet, Paytable::Proven, &mut rand::rng());
    Ok(HttpResponse::Ok().json(json!({
        "status": "audited",
        "duration_seconds": duration.as_secs_f64(),
        "win": outcome.win,
        "payout": outcome.payout,
    })))
}
