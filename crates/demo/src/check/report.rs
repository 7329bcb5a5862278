//! What a check found: the table's rows, and the document of `--json`.
//!
//! ```json
//! {"ok": false,
//!  "scenarios_checked": 15, "kept": 14, "broken": 1, "elapsed_ms": 4210,
//!  "inbox": "http://127.0.0.1:9000",
//!  "scenarios": [
//!    {"id": "game-engine.crash", "service": "game-engine", "method": "GET", "path": "/debug/crash",
//!     "kept": false, "status": 500, "elapsed_ms": 2.1, "trace_id": "…", "run_id": "…",
//!     "events": [{"event_id": "…", "level": "error", "type": "RuntimeError", "message": null}],
//!     "mismatches": [{"field": "event.level", "promised": "fatal", "got": "error"}]}],
//!  "skipped": [{"id": "payment.stack-overflow-native", "reason": "…"}],
//!  "services": [
//!    {"service": "game-engine", "url": "http://127.0.0.1:8082", "recovered": true,
//!     "before": {"started": "…", "uptime_seconds": 1.2, "threads": 9, "open_fds": 21},
//!     "after": {…}, "mismatches": []}]}
//! ```
//!
//! `skipped` are the scenarios whose promise the service's platform cannot keep. `ok` is true if nothing differs; the exit status says the same. `status` is null where no answer came, and
//! `before` and `after` are null where no event says it. Further fields may be added.

use std::time::Duration;

use scenario::Method;
use serde::Serialize;
use serde_json::{Value, json};

use super::call::Call;
use super::mismatch::Mismatch;
use super::payload::Payload;
use super::received::Received;
use super::recovery::Recovery;
use super::selection::{Selected, Skipped};

/// Everything that a check found.
#[derive(Debug)]
pub struct Report {
    /// Where the events are.
    pub inbox: String,
    /// Whether the inbox goes on after the check, so that its events can be looked at.
    pub inbox_stays: bool,
    /// One per fired scenario, in catalogue order.
    pub verdicts: Vec<Verdict>,
    /// Those that were not fired.
    pub skipped: Vec<Skipped>,
    /// One per service.
    pub recoveries: Vec<Recovery>,
    /// From the first request to the last.
    pub elapsed: Duration,
}

/// What came of one scenario.
#[derive(Debug, Serialize)]
pub struct Verdict {
    /// The scenario.
    pub id: String,
    /// Whose it is.
    pub service: String,
    /// HTTP method.
    pub method: Method,
    /// Path pattern.
    pub path: String,
    /// Whether the promise was kept.
    pub kept: bool,
    /// Status of the answer, if there was one.
    pub status: Option<u16>,
    /// How long the answer took.
    pub elapsed_ms: f64,
    /// The call's trace.
    pub trace_id: String,
    /// The call's `X-Demo-Run`.
    pub run_id: String,
    /// The events that it made.
    pub events: Vec<Arrived>,
    /// What differs from the promise.
    pub mismatches: Vec<Mismatch>,
}

/// An event in few words.
#[derive(Debug, Serialize)]
pub struct Arrived {
    /// Its id, 32 hex digits.
    pub event_id: String,
    /// Its level.
    pub level: String,
    /// Type of its outermost exception, if it is one.
    #[serde(rename = "type")]
    pub ty: Option<String>,
    /// Its message, if it is one.
    pub message: Option<String>,
}

impl Verdict {
    /// The verdict on one call.
    pub fn new(it: &Selected<'_>, call: Call, received: &Received, mismatches: Vec<Mismatch>) -> Self {
        Self {
            id: it.scenario.id.clone(),
            service: it.service.catalogue.service.clone(),
            method: it.scenario.method,
            path: it.scenario.path.clone(),
            kept: mismatches.is_empty(),
            status: call.answer.as_ref().ok().map(|answer| answer.status),
            elapsed_ms: milliseconds(call.elapsed),
            trace_id: call.trace_id,
            run_id: call.run_id,
            events: received.events.iter().map(|event| Arrived::new(Payload(event))).collect(),
            mismatches,
        }
    }
}

impl Arrived {
    fn new(event: Payload<'_>) -> Self {
        Self {
            event_id: event.id(),
            level: event.level().to_owned(),
            ty: event.ty().map(str::to_owned),
            message: event.message().map(str::to_owned),
        }
    }
}

impl Report {
    /// Whether every promise was kept and every service recovered.
    pub fn ok(&self) -> bool {
        self.broken() == 0 && self.recoveries.iter().all(|recovery| recovery.mismatches.is_empty())
    }

    /// How many promises were broken.
    pub fn broken(&self) -> usize {
        self.verdicts.iter().filter(|verdict| !verdict.kept).count()
    }

    /// The document of `--json`.
    pub fn to_json(&self) -> Value {
        let service = |recovery: &Recovery| {
            let mut reported = json!(recovery);
            reported["recovered"] = recovery.mismatches.is_empty().into();
            reported
        };
        json!({
            "ok": self.ok(),
            "scenarios_checked": self.verdicts.len(),
            "kept": self.verdicts.len() - self.broken(),
            "broken": self.broken(),
            "elapsed_ms": milliseconds(self.elapsed),
            "inbox": self.inbox,
            "scenarios": self.verdicts,
            "skipped": self.skipped,
            "services": self.recoveries.iter().map(service).collect::<Vec<_>>(),
        })
    }
}

/// With one decimal place: a crash is answered in less than a few of them.
fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 10_000.0).round() / 10.0
}
