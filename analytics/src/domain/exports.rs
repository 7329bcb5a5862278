//! Exports of reports: made by workers, waited for by callers.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use sentry_context::report::{Reportable, Traced};
use sentry_context::sentry::protocol::SpanStatus;
use sentry_context::step::Step;
use sentry_context::{Facts, breadcrumbs, facts};
use tokio::sync::Semaphore;
use tokio::time::error::Elapsed;
use tokio::time::timeout;

/// The workers of one server, and who waits for them.
#[derive(Debug)]
pub struct Exports {
    /// Places at workers. There is none: the deployment that moved them to another queue left nobody here.
    workers: Semaphore,
    waiting: AtomicUsize,
}

/// No worker took the export in time.
#[derive(Debug, thiserror::Error)]
#[error("no export worker was free within {limit_seconds} s")]
pub struct ExportTimeout {
    limit_seconds: f64,
    workers: usize,
    /// How many callers waited, this one included.
    waiting: usize,
    source: Elapsed,
}

impl Default for Exports {
    fn default() -> Self {
        Self { workers: Semaphore::new(0), waiting: AtomicUsize::new(0) }
    }
}

impl Exports {
    /// Makes the daily report's export, if a worker takes it within `limit`.
    pub async fn daily_report(&self, limit: Duration) -> Result<(), Traced<ExportTimeout>> {
        let place = Place::take(&self.waiting);
        let (limit_seconds, waiting) = (limit.as_secs_f64(), place.number);
        let data = facts([("limit_seconds", limit_seconds.into()), ("waiting", waiting.into())]);
        let _export = Step::silent("function", "export the daily report");
        let step = Step::begin("exports", "waiting for an export worker", data);
        let worker = timeout(limit, self.workers.acquire()).await;
        let workers = self.workers.available_permits();
        if worker.is_err() {
            gave_up(limit_seconds, workers);
            step.set_status(SpanStatus::DeadlineExceeded);
        }
        drop(step);
        let _worker = worker.map_err(|source| ExportTimeout { limit_seconds, workers, waiting, source })?;
        Ok(())
    }

    /// How many callers wait now.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Relaxed)
    }
}

fn gave_up(limit_seconds: f64, workers: usize) {
    let data = facts([("limit_seconds", limit_seconds.into()), ("workers", workers.into())]);
    breadcrumbs::warning("exports", "gave up waiting", data);
}

/// A caller's place in the queue; left when it is dropped, as it is when the caller hangs up.
struct Place<'a> {
    queue: &'a AtomicUsize,
    number: usize,
}

impl<'a> Place<'a> {
    fn take(queue: &'a AtomicUsize) -> Self {
        Self { queue, number: queue.fetch_add(1, Relaxed) + 1 }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.queue.fetch_sub(1, Relaxed);
    }
}

impl Reportable for ExportTimeout {
    fn type_name(&self) -> &'static str {
        "TimeoutError"
    }

    fn status(&self) -> u16 {
        504
    }

    fn context(&self) -> Option<(&'static str, Facts)> {
        let facts = facts([
            ("waited_for", "export worker".into()),
            ("limit_seconds", self.limit_seconds.into()),
            ("workers", self.workers.into()),
            ("waiting", self.waiting.into()),
        ]);
        Some(("timeout_context", facts))
    }
}
