//! A fraud score is computed on the worker itself: whatever else was to run there waits.
//!
//! Nothing informs the watchdog. Look for its `EventLoopBlocked`, whose top frame is the function that blocked, taken from
//! the worker while it was blocked; for its `info` message when the worker runs again; and for the scoring's own message
//! with the delay. Requests on other workers are answered as ever; those that share the worker show the delay in their
//! transactions.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use scenario::{Event, Expect, Level, Method, Parameter, Scenario, WorkerBlocks};
use sentry_context::failure::Failure;
use sentry_native::stall;
use serde_json::{Value, json};

use crate::domain::fraud::{Scorings, millis};

static SECONDS: Parameter = Parameter::number("seconds", 3.0, 0.1, 30.0).quick(2.5);

pub(super) static EVENT_LOOP_BLOCK: Scenario = Scenario {
    name: "event-loop-block",
    method: Method::Get,
    path: "/debug/event-loop-block",
    title: "A fraud score on the event loop",
    demonstrates: "one worker that is really blocked, while the others go on",
    look_for: "EventLoopBlocked with the top frame domain::fraud::compare_all_pairs, found by the watchdog alone",
    parameters: &[&SECONDS],
    expect: Expect {
        event: Some(
            Event::error(
                "EventLoopBlocked",
                &["payment", "event-loop-blocked", "payment::domain::fraud::compare_all_pairs"],
            )
            .breadcrumbs(&["request", "fraud", "stall"])
            .contexts(&["event_loop"]),
        ),
        events: 3,
        hot_function: Some("domain::fraud::compare_all_pairs"),
        also: &[
            Event::message(Level::Error, "The event loop was blocked", &["payment", "event-loop-block"])
                .breadcrumbs(&["request", "fraud", "fraud"])
                .contexts(&["event_loop"]),
            Event::message(Level::Info, "The event loop runs again", &["payment", "event-loop-recovered"])
                .breadcrumbs(&["request", "fraud", "stall"])
                .contexts(&["event_loop"]),
        ],
        ..Expect::answer(200)
    },
    heavy: true,
    unavailable: stall::UNAVAILABLE,
    route: |route| route.to(block),
    active: Some(running),
    ..Scenario::PLAIN
};

/// Once it has begun, no await: the worker has nothing to go on with until the score is there.
async fn block(
    request: HttpRequest,
    scorings: web::Data<Scorings>,
    blocks: web::Data<WorkerBlocks>,
) -> Result<HttpResponse, Failure> {
    let budget = Duration::from_secs_f64(SECONDS.read(&request)?);
    let _block = blocks.begin().await?;
    let score = scorings.score(budget);
    Ok(HttpResponse::Ok().json(json!({
        "status": "scored",
        "duration_ms": millis(score.duration),
        "warning": "nothing else ran on this worker meanwhile",
    })))
}

fn running(request: &HttpRequest) -> Option<Value> {
    let running = request.app_data::<web::Data<Scorings>>()?.running();
    (running > 0).then(|| json!({ "running": running }))
}
