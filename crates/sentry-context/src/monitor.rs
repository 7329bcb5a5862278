//! [Check-ins](https://develop.sentry.dev/sdk/telemetry/check-ins/) of jobs. Sentry compares them with a schedule, and
//! says when a job fails, takes too long, or does not run at all.
//!
//! ```
//! use sentry_context::monitor::{Monitor, Schedule, Unit};
//!
//! static STOCK: Monitor = Monitor {
//!     slug: "count-the-stock",
//!     schedule: Schedule::Every(1, Unit::Hour),
//!     margin_minutes: 5,
//!     max_runtime_minutes: 10,
//! };
//!
//! async fn count_the_stock() -> Result<u64, std::io::Error> {
//!     Ok(12)
//! }
//!
//! # async fn job(hub: std::sync::Arc<sentry_context::sentry::Hub>) {
//! // Checks in before and after it: as `ok`, or as `error` where it fails.
//! let counted = STOCK.run(&hub, count_the_stock()).await;
//! # }
//! ```

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use sentry::protocol::{
    DynamicSamplingContext, EnvelopeHeaders, MonitorCheckIn, MonitorCheckInStatus as Status, MonitorConfig,
    MonitorSchedule, SpanStatus, TraceId,
};
use sentry::types::{Uuid, random_uuid};
use sentry::{Envelope, Hub, SentryFutureExt, TransactionContext, TransactionOrSpan};

pub use sentry::protocol::MonitorIntervalUnit as Unit;

use crate::facts::facts;
use crate::{contexts, profile, request};

/// The context by which Sentry finds the monitor of an event.
const CONTEXT: &str = "monitor";

/// The operation of a transaction that is a run of a job.
pub(crate) const OP: &str = "cron";

/// A job that is expected to run by a schedule. Sentry makes the monitor when the first check-in arrives, and changes it
/// when a later one says something else.
#[derive(Debug, Clone, Copy)]
pub struct Monitor {
    /// Its name in Sentry: up to 50 lower-case letters, digits, `-` and `_`.
    pub slug: &'static str,
    /// When it runs.
    pub schedule: Schedule,
    /// How late a run may begin before it is missed, minutes. At least one.
    pub margin_minutes: u64,
    /// How long a run may take before it times out, minutes. At least one.
    pub max_runtime_minutes: u64,
}

/// When a job runs. Sentry knows no less than a minute.
#[derive(Debug, Clone, Copy)]
pub enum Schedule {
    /// At these times, in UTC: `0 3 * * *`.
    Crontab(&'static str),
    /// That long after the run before.
    Every(u64, Unit),
}

impl Monitor {
    /// Checks in: a run has begun. Events of the current scope name the monitor from here on.
    pub fn begin(&self) -> Run {
        contexts::set(CONTEXT, facts([("slug", self.slug.into())]));
        let run = Run { monitor: *self, id: random_uuid(), began: Instant::now(), is_over: false };
        run.check_in(Status::InProgress, None);
        run
    }

    /// Does the job in a transaction and a scope of its own, and checks in before and after it. For jobs that no request
    /// asks for; `hub` is that of the process.
    pub async fn run<T, E>(&self, hub: &Arc<Hub>, job: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let hub = Arc::new(Hub::new_from_top(Arc::clone(hub)));
        let context = TransactionContext::new(self.slug, OP);
        let transaction = Hub::run(Arc::clone(&hub), || sentry::start_transaction(context));
        hub.configure_scope(|scope| {
            scope.set_span(Some(transaction.clone().into()));
            scope.set_transaction(Some(self.slug));
        });
        let done = profile::followed(&transaction, self.watch(job)).bind_hub(hub).await;
        transaction.set_status(if done.is_ok() { SpanStatus::Ok } else { SpanStatus::InternalError });
        transaction.finish();
        done
    }

    /// Does the job, and checks in before and after it.
    pub async fn watch<T, E>(&self, job: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let run = self.begin();
        let done = job.await;
        run.end(done.is_ok());
        done
    }

    fn config(&self) -> MonitorConfig {
        MonitorConfig {
            schedule: match self.schedule {
                Schedule::Crontab(value) => MonitorSchedule::Crontab { value: value.to_owned() },
                Schedule::Every(value, unit) => MonitorSchedule::Interval { value, unit },
            },
            checkin_margin: Some(self.margin_minutes),
            max_runtime: Some(self.max_runtime_minutes),
            timezone: Some("UTC".to_owned()),
            failure_issue_threshold: None,
            recovery_threshold: None,
        }
    }
}

/// A run that has begun. One that is dropped without an end checks in no more, and times out; one that is dropped by a
/// panic has failed.
#[derive(Debug)]
#[must_use = "a run that does not end times out"]
pub struct Run {
    monitor: Monitor,
    id: Uuid,
    began: Instant,
    is_over: bool,
}

impl Run {
    /// Checks in: the run is over, and went well or failed.
    pub fn end(mut self, is_ok: bool) {
        self.is_over = true;
        self.check_in(if is_ok { Status::Ok } else { Status::Error }, Some(self.began.elapsed()));
    }

    fn check_in(&self, status: Status, duration: Option<Duration>) {
        let Some(client) = Hub::current().client().filter(|client| client.is_enabled()) else { return };
        let check_in = MonitorCheckIn {
            check_in_id: self.id,
            monitor_slug: self.monitor.slug.to_owned(),
            status,
            environment: client.options().environment.as_deref().map(str::to_owned),
            duration: duration.map(|it| it.as_secs_f64()),
            monitor_config: Some(self.monitor.config()),
        };
        let mut headers = EnvelopeHeaders::new();
        if let Some(trace) = trace() {
            headers = headers.with_trace(DynamicSamplingContext::new().with_trace_id(trace));
        }
        client.send_envelope(Envelope::from(check_in).with_headers(headers));
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if !self.is_over && thread::panicking() {
            self.check_in(Status::Error, Some(self.began.elapsed()));
        }
    }
}

/// The trace of the job, if its run is one.
fn trace() -> Option<TraceId> {
    let context = match request::span()? {
        TransactionOrSpan::Transaction(transaction) => transaction.get_trace_context(),
        TransactionOrSpan::Span(span) => span.get_trace_context(),
    };
    Some(context.trace_id)
}
