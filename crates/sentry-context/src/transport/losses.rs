//! What was lost, until a client report has told Sentry.
//!
//! The SDK puts its reports into envelopes that may get lost themselves. They are taken out of there and summed here
//! with our own losses; a report counts as told once Sentry has accepted it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use sentry::protocol::ClientReport;
use sentry::protocol::client_report::{self, LossSource};
use serde_json::{Value, json};

/// Why something was not sent: the [discard reasons](https://develop.sentry.dev/sdk/telemetry/client-reports/) of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// Its queue was full.
    QueueOverflow,
    /// The spool was full, and it was the oldest.
    CacheOverflow,
    /// The server wants none of its category for longer than it is worth keeping.
    RateLimited,
    /// The server does not take it.
    SendError,
    /// The server could not be reached until the end.
    NetworkError,
    /// It could not be written, or its spool file is torn.
    Internal,
}

impl Reason {
    fn name(self) -> &'static str {
        match self {
            Self::QueueOverflow => "queue_overflow",
            Self::CacheOverflow => "cache_overflow",
            Self::RateLimited => "ratelimit_backoff",
            Self::SendError => "send_error",
            Self::NetworkError => "network_error",
            Self::Internal => "internal_sdk_error",
        }
    }
}

/// Category and how many.
pub(super) type Quantity = (&'static str, u64);

/// Losses by reason and category.
pub(super) type Sums = BTreeMap<(&'static str, &'static str), u64>;

const BACKPRESSURE: &str = "backpressure";
const SAMPLE_RATE: &str = "sample_rate";

#[derive(Debug, Default)]
pub(super) struct Losses {
    pending: Mutex<Pending>,
}

#[derive(Debug, Default)]
struct Pending {
    sums: Sums,
    /// Transactions that backpressure sampled away: the SDK counts them as `sample_rate` once they finish.
    sampled_away: u64,
}

impl Losses {
    pub(super) fn record(&self, content: &[Quantity], reason: Reason) {
        let mut pending = self.lock();
        for (category, quantity) in content {
            *pending.sums.entry((reason.name(), category)).or_default() += quantity;
        }
    }

    /// A transaction was not sampled because of backpressure.
    pub(super) fn sampled_away(&self) {
        self.lock().sampled_away += 1;
    }

    /// Takes over what the SDK reports.
    pub(super) fn absorb(&self, report: &ClientReport) {
        let mut fresh = Sums::new();
        for loss in report.losses() {
            let reason = loss.reason.map_or("internal_sdk_error", reason);
            *fresh.entry((reason, category(loss.category))).or_default() += loss.quantity;
        }
        let mut pending = self.lock();
        pending.attribute_to_backpressure(&mut fresh);
        pending.add(fresh);
    }

    /// Takes what is to be told. [`Self::restore`] it if that fails.
    pub(super) fn take(&self) -> Option<Sums> {
        let sums = std::mem::take(&mut self.lock().sums);
        (!sums.is_empty()).then_some(sums)
    }

    pub(super) fn restore(&self, sums: Sums) {
        self.lock().add(sums);
    }

    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pending {
    fn add(&mut self, sums: Sums) {
        for (key, quantity) in sums {
            *self.sums.entry(key).or_default() += quantity;
        }
    }

    /// Moves the transactions that backpressure sampled away, and their share of the spans, to that reason.
    fn attribute_to_backpressure(&mut self, fresh: &mut Sums) {
        let Some(transactions) = fresh.get(&(SAMPLE_RATE, "transaction")).copied() else { return };
        let moved = transactions.min(self.sampled_away);
        self.sampled_away -= moved;
        for category in ["transaction", "span"] {
            let Some(quantity) = fresh.remove(&(SAMPLE_RATE, category)) else { continue };
            let share = (u128::from(quantity) * u128::from(moved) / u128::from(transactions)) as u64;
            fresh.insert((BACKPRESSURE, category), share);
            fresh.insert((SAMPLE_RATE, category), quantity - share);
        }
        fresh.retain(|_, quantity| *quantity > 0);
    }
}

/// The payload of a `client_report` item.
pub(super) fn report(sums: &Sums) -> Value {
    let line = |((reason, category), quantity): (&(&str, &str), &u64)| json!({ "reason": reason, "category": category, "quantity": quantity });
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    json!({ "timestamp": now, "discarded_events": sums.iter().map(line).collect::<Vec<_>>() })
}

/// The same in words, for a log line: `queue_overflow error 3, …`.
pub(super) fn list(sums: &Sums) -> String {
    let line =
        |((reason, category), quantity): (&(&str, &str), &u64)| format!("{reason} {category} {quantity}");
    sums.iter().map(line).collect::<Vec<_>>().join(", ")
}

/// What is lost with something of the SDK's.
pub(super) fn content(source: &(impl LossSource + ?Sized)) -> Vec<Quantity> {
    source.losses().map(|loss| (category(loss.category), loss.quantity)).collect()
}

fn category(category: client_report::Category) -> &'static str {
    use client_report::Category as C;
    match category {
        C::Error => "error",
        C::Session => "session",
        C::Transaction => "transaction",
        C::Span => "span",
        C::Attachment => "attachment",
        C::Monitor => "monitor",
        C::LogItem => "log_item",
        C::LogByte => "log_byte",
        C::TraceMetric => "trace_metric",
        C::TraceMetricByte => "trace_metric_byte",
        _ => "default",
    }
}

fn reason(reason: client_report::Reason) -> &'static str {
    use client_report::Reason as R;
    match reason {
        R::SendError => "send_error",
        R::NetworkError => "network_error",
        R::RatelimitBackoff => "ratelimit_backoff",
        R::QueueOverflow => "queue_overflow",
        R::BufferOverflow => "buffer_overflow",
        R::EventProcessor => "event_processor",
        R::BeforeSend => "before_send",
        R::SampleRate => SAMPLE_RATE,
        _ => "internal_sdk_error",
    }
}
