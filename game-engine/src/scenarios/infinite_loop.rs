//! A simulation whose end condition never holds keeps a core busy until its time is up.
//!
//! Look for `cpu_percent` in the runtime context and for the context `cpu_spike`. The loop runs beside the workers,
//! so that other requests, a crash among them, are answered as quickly as ever.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use scenario::{Event, Expect, Level, Method, Parameter, Scenario, Slot};
use sentry_context::failure::Failure;
use sentry_context::spawn;
use serde_json::{Value, json};

use crate::domain::simulation::Simulations;
use crate::error::GameError;

static SECONDS: Parameter = Parameter::number("seconds", 5.0, 0.1, 30.0).quick(0.5);

pub(super) static INFINITE_LOOP: Scenario = Scenario {
    name: "infinite-loop",
    method: Method::Get,
    path: "/debug/infinite-loop",
    title: "A simulation that never converges",
    demonstrates: "a core at 100 % while the service goes on serving",
    look_for: "cpu_percent in the runtime context, and the breadcrumbs before and after the loop",
    parameters: &[&SECONDS],
    expect: Expect::event(
        200,
        Event::message(Level::Warning, "CPU was busy", &["game-engine", "infinite-loop"])
            .breadcrumbs(&["request", "simulation", "simulation"])
            .contexts(&["cpu_spike"]),
    )
    .in_function("domain::simulation::converge"),
    heavy: true,
    route: |route| route.to(burn),
    active: Some(running),
    ..Scenario::PLAIN
};

/// Ends the loop when the caller hangs up and the handler is dropped.
struct Cancel(Arc<AtomicBool>);

impl Drop for Cancel {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

async fn burn(request: HttpRequest, simulations: web::Data<Simulations>) -> Result<HttpResponse, Failure> {
    let limit = Duration::from_secs_f64(SECONDS.read(&request)?);
    let cancel = Cancel(Arc::default());
    let cancelled = Arc::clone(&cancel.0);
    let slot = Slot::of(&request);
    let work = spawn::blocking(move || {
        let _slot = slot;
        simulations.run(limit, &cancelled)
    });
    let outcome = work.await.map_err(|lost| GameError::WorkLost(lost.into()))?;
    Ok(HttpResponse::Ok().json(json!({
        "status": "stopped",
        "duration_seconds": outcome.duration.as_secs_f64(),
        "iterations": outcome.iterations,
        "final_cpu_percent": outcome.cpu_percent,
    })))
}

fn running(request: &HttpRequest) -> Option<Value> {
    let running = request.app_data::<web::Data<Simulations>>()?.running();
    (running > 0).then(|| json!({ "running": running }))
}
