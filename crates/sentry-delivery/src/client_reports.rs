//! Discarded items, until a client report has reached Sentry.
//!
//! The SDK puts its client reports into envelopes that may be lost themselves. They are taken out of there and summed
//! here with our own; a report counts as sent once Sentry has accepted it. The SDK's recorder is not used: what it takes
//! leaves with the next envelope only, it knows no spool, and it takes nothing back.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use sentry::protocol::ClientReport;
use sentry::protocol::client_report::{self, LossSource};
use serde_json::{Value, json};

use crate::category::{Category, Quantity, named};
use crate::encode::written;
use crate::items::items;

named! {
    /// Why something was not sent: the [discard reasons](https://develop.sentry.dev/sdk/telemetry/client-reports/).
    Reason {
        /// Its queue was full.
        QueueOverflow = "queue_overflow",
        /// The spool was full, and it was the oldest.
        CacheOverflow = "cache_overflow",
        /// The server wants none of its category for longer than it is worth keeping.
        RateLimited = "ratelimit_backoff",
        /// The server does not take it.
        SendError = "send_error",
        /// The server could not be reached until the end.
        NetworkError = "network_error",
        /// It could not be written, or its spool file is torn.
        Internal = "internal_sdk_error",
        BufferOverflow = "buffer_overflow",
        EventProcessor = "event_processor",
        BeforeSend = "before_send",
        /// The rate at which traces are sampled was reduced, or a profile chunk made way.
        Backpressure = "backpressure",
        SampleRate = "sample_rate",
    }
}

/// Discarded items by reason and category.
pub(crate) type Sums = BTreeMap<(Reason, Category), u64>;

/// What is discarded and not reported yet.
#[derive(Debug, Default)]
pub(crate) struct ClientReports(Mutex<Sums>);

impl ClientReports {
    pub(crate) fn record(&self, content: &[Quantity], reason: Reason) {
        let mut sums = self.lock();
        content.iter().for_each(|(category, quantity)| add(&mut sums, (reason, *category), *quantity));
    }

    /// Takes over what the SDK reports. As in the Python SDK, what was not sampled while the rate is reduced counts as
    /// backpressure.
    pub(crate) fn absorb(&self, report: &ClientReport, is_reduced: bool) {
        let mut sums = self.lock();
        for loss in report.losses() {
            let reason = match loss.reason.map_or(Reason::Internal, Reason::from) {
                Reason::SampleRate if is_reduced => Reason::Backpressure,
                reason => reason,
            };
            add(&mut sums, (reason, loss.category.into()), loss.quantity);
        }
    }

    /// Takes over what an earlier process wrote to its disk: an envelope of reports. Names that no report of ours has are
    /// left out, since anything may be in a file.
    pub(crate) fn absorb_written(&self, envelope: &[u8]) {
        let mut sums = self.lock();
        for (_, payload) in items(envelope).filter(|(header, _)| header["type"] == "client_report") {
            let report: Value = serde_json::from_slice(payload).unwrap_or_default();
            for line in report["discarded_events"].as_array().into_iter().flatten() {
                let name = |key: &str| line[key].as_str().unwrap_or_default();
                let known = Reason::named(name("reason")).zip(Category::named(name("category")));
                if let (Some(key), Some(quantity)) = (known, line["quantity"].as_u64()) {
                    add(&mut sums, key, quantity);
                }
            }
        }
    }

    /// Takes what is to be reported. [`Self::restore`] it if that fails.
    pub(crate) fn take(&self) -> Option<Sums> {
        let sums = std::mem::take(&mut *self.lock());
        (!sums.is_empty()).then_some(sums)
    }

    pub(crate) fn restore(&self, taken: Sums) {
        let mut sums = self.lock();
        taken.into_iter().for_each(|(key, quantity)| add(&mut sums, key, quantity));
    }

    fn lock(&self) -> MutexGuard<'_, Sums> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn add(sums: &mut Sums, key: (Reason, Category), quantity: u64) {
    let sum = sums.entry(key).or_default();
    *sum = sum.saturating_add(quantity);
}

/// An envelope with these sums as its only item.
pub(crate) fn envelope(sums: &Sums) -> Vec<u8> {
    let line = |((reason, category), quantity): (&(Reason, Category), &u64)| json!({ "reason": reason.name(), "category": category.name(), "quantity": quantity });
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    let lines: Vec<_> = sums.iter().map(line).collect();
    let payload = json!({ "timestamp": now, "discarded_events": lines }).to_string();
    written(r#"{"type":"client_report""#, payload.as_bytes())
}

/// The sums for a log line: `queue_overflow error 3, …`.
pub(crate) fn list(sums: &Sums) -> String {
    let line = |((reason, category), quantity): (&(Reason, Category), &u64)| {
        format!("{} {} {quantity}", reason.name(), category.name())
    };
    sums.iter().map(line).collect::<Vec<_>>().join(", ")
}

/// What is discarded with something of the SDK's.
pub(crate) fn content(source: &(impl LossSource + ?Sized)) -> Vec<Quantity> {
    source.losses().map(|loss| (loss.category.into(), loss.quantity)).collect()
}

impl From<client_report::Reason> for Reason {
    fn from(reason: client_report::Reason) -> Self {
        use client_report::Reason as R;
        match reason {
            R::SendError => Self::SendError,
            R::NetworkError => Self::NetworkError,
            R::RatelimitBackoff => Self::RateLimited,
            R::QueueOverflow => Self::QueueOverflow,
            R::BufferOverflow => Self::BufferOverflow,
            R::EventProcessor => Self::EventProcessor,
            R::BeforeSend => Self::BeforeSend,
            R::SampleRate => Self::SampleRate,
            _ => Self::Internal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Sums {
        let pairs =
            Reason::ALL.iter().flat_map(|reason| Category::ALL.iter().map(|category| (*reason, *category)));
        pairs.zip(1..).collect()
    }

    #[test]
    fn the_next_process_reports_what_one_process_wrote() {
        let client_reports = ClientReports::default();
        client_reports.absorb_written(&envelope(&all()));
        assert_eq!(client_reports.take(), Some(all()));
    }

    #[test]
    fn sums_that_are_taken_and_restored_are_counted_once() {
        let client_reports = ClientReports::default();
        client_reports.record(&[(Category::Error, 2), (Category::Error, 1)], Reason::SendError);
        let taken = client_reports.take().unwrap();
        assert_eq!(client_reports.take(), None);
        client_reports.record(&[(Category::Error, 4)], Reason::SendError);
        client_reports.restore(taken);
        assert_eq!(client_reports.take(), Some([((Reason::SendError, Category::Error), 7)].into()));
        client_reports.record(&[(Category::Span, u64::MAX)], Reason::Internal);
        client_reports.record(&[(Category::Span, 1)], Reason::Internal);
        assert_eq!(client_reports.take(), Some([((Reason::Internal, Category::Span), u64::MAX)].into()));
    }

    #[test]
    fn the_reports_of_the_sdk_keep_their_reasons_but_for_backpressure() {
        let lines = [
            (client_report::Category::Transaction, client_report::Reason::SampleRate, 3),
            (client_report::Category::Error, client_report::Reason::BeforeSend, 1),
        ];
        let report = ClientReport::new(
            lines.map(|(category, reason, n)| client_report::Item::new(category, reason, n)),
        );
        for (is_reduced, reason) in [(false, Reason::SampleRate), (true, Reason::Backpressure)] {
            let client_reports = ClientReports::default();
            client_reports.absorb(&report, is_reduced);
            let expected =
                [((Reason::BeforeSend, Category::Error), 1), ((reason, Category::Transaction), 3)].into();
            assert_eq!(client_reports.take(), Some(expected));
        }
    }

    #[test]
    fn a_log_line_names_what_was_discarded() {
        let sums =
            [((Reason::QueueOverflow, Category::Error), 3), ((Reason::NetworkError, Category::LogByte), 70)];
        assert_eq!(list(&sums.into()), "queue_overflow error 3, network_error log_byte 70");
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
            assert!(client_reports.take().is_none_or(|sums| sums.len() <= Reason::ALL.len() * Category::ALL.len()));
        }
    }
}
