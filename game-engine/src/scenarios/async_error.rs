//! Three tasks settle a spin: one succeeds, one is refused by the ledger, one waits too long.
//!
//! Look for two events with one trace: the refusal with its cause, and the timeout with the timer below it.

use actix_web::HttpResponse;
use scenario::{Event, Expect, Method, Scenario};
use sentry_context::failure::EVENT_ID_HEADER;
use sentry_context::report::Reportable;
use serde_json::{Value, json};

use crate::domain::settlement::{self, Settled};

pub(super) static ASYNC_ERROR: Scenario = Scenario {
    name: "async-error",
    method: Method::Get,
    path: "/debug/async-error",
    title: "Three tasks, two failures",
    demonstrates: "errors out of spawned tasks, each with its own event and cause chain",
    look_for: "two events on one trace; Elapsed below the TimeoutError",
    expect: Expect {
        event: Some(event("RuntimeError", &["game-engine", "RuntimeError"], &["ledger"])),
        events: 2,
        also: &[event(
            "TimeoutError",
            &["game-engine", "timeout", "GET /debug/async-error"],
            &["timeout_context"],
        )],
        ..Expect::answer(500)
    },
    route: |route| route.to(settle),
    ..Scenario::PLAIN
};

const fn event(
    ty: &'static str,
    fingerprint: &'static [&'static str],
    contexts: &'static [&'static str],
) -> Event {
    let breadcrumbs = &["request", "settlement", "settlement"];
    Event::error(ty, fingerprint).breadcrumbs(breadcrumbs).contexts(contexts)
}

async fn settle() -> HttpResponse {
    let steps = settlement::settle_spin().await;
    let results: Vec<Value> = steps.iter().map(show).collect();
    // The answer names the first failure's event; each result names its own.
    let event_id = results.iter().find_map(|result| result.get("event_id")).cloned();
    let mut body =
        json!({ "error": "the spin could not be settled", "type": "RuntimeError", "results": results });
    let mut answer = HttpResponse::InternalServerError();
    if let Some(id) = event_id {
        answer.insert_header((EVENT_ID_HEADER, id.as_str().unwrap_or_default()));
        body["event_id"] = id;
    }
    answer.json(body)
}

/// Reports a failed step, and says how it went.
fn show(Settled { name, result }: &Settled) -> Value {
    let Err(failure) = result else { return json!({ "task": name, "status": "succeeded" }) };
    let ty = failure.error.type_name();
    let status = if ty == "TimeoutError" { "timed out" } else { "failed" };
    let mut reported = json!({ "task": name, "status": status, "type": ty, "error": failure.to_string() });
    if let Some(id) = failure.report() {
        reported["event_id"] = id.simple().to_string().into();
    }
    reported
}
