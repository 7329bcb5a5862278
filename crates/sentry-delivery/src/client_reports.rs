//! Discarded items, until a client report has reached Sentry.
//!
//! The SDK puts its client reports into envelopes that may be lost themselves. They are taken out of there and summed here
//! with our own; a report counts as sent once Sentry has accepted it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use sentry::protocol::client_report::{self, LossSource};
use sentry::protocol::{ClientReport, EnvelopeHeaders};
use serde_json::{Value, json};

use super::encode::stamped;
use super::envelope::items;

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

/// ClientReports by reason and category.
pub(super) type Sums = BTreeMap<(&'static str, &'static str), u64>;

const BACKPRESSURE: &str = "backpressure";
const SAMPLE_RATE: &str = "sample_rate";

/// Every reason and category that reports of ours name.
const REASONS: [&str; 11] = [
    "queue_overflow",
    "cache_overflow",
    "ratelimit_backoff",
    "send_error",
    "network_error",
    "internal_sdk_error",
    "buffer_overflow",
    "event_processor",
    "before_send",
    BACKPRESSURE,
    SAMPLE_RATE,
];
const CATEGORIES: [&str; 12] = [
    "error",
    "session",
    "transaction",
    "span",
    "attachment",
    "monitor",
    "profile_chunk",
    "log_item",
    "log_byte",
    "trace_metric",
    "trace_metric_byte",
    "default",
];

#[derive(Debug, Default)]
pub(super) struct ClientReports {
    pending: Mutex<Pending>,
}

#[derive(Debug, Default)]
struct Pending {
    sums: Sums,
}

impl ClientReports {
    pub(super) fn record(&self, content: &[Quantity], reason: Reason) {
        let mut pending = self.lock();
        for (category, quantity) in content {
            let sum = pending.sums.entry((reason.name(), category)).or_default();
            *sum = sum.saturating_add(*quantity);
        }
    }

    /// Takes over what the SDK reports. As in the Python SDK, what was not sampled while the rate is reduced counts as
    /// backpressure.
    pub(super) fn absorb(&self, report: &ClientReport, is_reduced: bool) {
        let mut pending = self.lock();
        for loss in report.losses() {
            let reason = match loss.reason.map_or("internal_sdk_error", reason) {
                SAMPLE_RATE if is_reduced => BACKPRESSURE,
                reason => reason,
            };
            pending.add(Sums::from([((reason, category(loss.category)), loss.quantity)]));
        }
    }

    /// Takes over what an earlier process reported to its disk, an envelope of reports. Names that no report of ours has
    /// are left out, since anything may be in a file.
    pub(super) fn absorb_written(&self, envelope: &[u8]) {
        let mut pending = self.lock();
        for (_, payload) in items(envelope).filter(|(header, _)| header["type"] == "client_report") {
            let report: Value = serde_json::from_slice(payload).unwrap_or_default();
            for line in report["discarded_events"].as_array().into_iter().flatten() {
                let known =
                    |names: &[&'static str], key: &str| names.iter().copied().find(|it| line[key] == *it);
                if let (Some(reason), Some(category), Some(quantity)) =
                    (known(&REASONS, "reason"), known(&CATEGORIES, "category"), line["quantity"].as_u64())
                {
                    pending.add(Sums::from([((reason, category), quantity)]));
                }
            }
        }
    }

    /// Takes what is to be reported. [`Self::restore`] it if that fails.
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
            let sum = self.sums.entry(key).or_default();
            *sum = sum.saturating_add(quantity);
        }
    }
}

/// An envelope with these sums as its only item.
pub(super) fn envelope(sums: &Sums) -> Vec<u8> {
    let headers = serde_json::to_string(&stamped(EnvelopeHeaders::new())).unwrap_or_else(|_| "{}".to_owned());
    let payload = report(sums).to_string();
    format!("{headers}\n{{\"type\":\"client_report\",\"length\":{}}}\n{payload}\n", payload.len())
        .into_bytes()
}

fn report(sums: &Sums) -> Value {
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

#[cfg(test)]
mod tests {
    use super::super::category::Category;
    use super::*;

    #[test]
    fn what_one_process_writes_the_next_one_reports() {
        let mut sums = Sums::new();
        for reason in REASONS {
            for (number, category) in CATEGORIES.into_iter().enumerate() {
                sums.insert((reason, category), number as u64 + 1);
            }
        }
        let client_reports = ClientReports::default();
        client_reports.absorb_written(&envelope(&sums));
        assert_eq!(client_reports.take(), Some(sums));
    }

    #[test]
    fn every_reason_and_category_can_be_read_back() {
        for reason in [
            Reason::QueueOverflow,
            Reason::CacheOverflow,
            Reason::RateLimited,
            Reason::SendError,
            Reason::NetworkError,
            Reason::Internal,
        ] {
            assert!(REASONS.contains(&reason.name()), "{reason:?}");
        }
        assert!(Category::ALL.iter().all(|category| CATEGORIES.contains(&category.name())));
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..Default::default() })]

        #[test]
        fn fuzz_reports_from_a_disk_that_may_hold_anything(
            bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..500),
            lines in "(\\{\"reason\":\"(send_error|x|)\",\"category\":(\"error\"|\"y\"|7),\"quantity\":(-1|[0-9]{1,20}|1e9|null)\\},?){0,9}",
        ) {
            let client_reports = ClientReports::default();
            client_reports.absorb_written(&bytes);
            let envelope = format!("{{}}\n{{\"type\":\"client_report\"}}\n{{\"discarded_events\":[{}]}}\n", lines.trim_end_matches(','));
            for _ in 0..3 {
                client_reports.absorb_written(envelope.as_bytes());
            }
            assert!(client_reports.take().is_none_or(|sums| sums.len() <= REASONS.len() * CATEGORIES.len()));
        }
    }
}
