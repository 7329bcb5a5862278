//! Discarded items, until a client report has reached Sentry.
//!
//! The SDK puts its client reports into envelopes that may be lost themselves. They are taken out of there and summed
//! here with our own; a report counts as sent once Sentry has accepted it. The SDK's recorder is not used: what it takes
//! leaves with the next envelope only, it knows no spool, and it takes nothing back.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use sentry::protocol::ClientReport;
use sentry::protocol::client_report::LossSource;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::category::{Category, Quantity, named};
use crate::headers::written;
use crate::items::items;

/// Why something was not sent: the [discard reasons](https://develop.sentry.dev/sdk/telemetry/client-reports/).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reason {
    /// Its queue was full.
    QueueOverflow,
    /// The spool was full, and it was the oldest.
    CacheOverflow,
    /// The server wants none of its category for longer than it is worth keeping.
    RatelimitBackoff,
    /// The server does not take it.
    SendError,
    /// The server could not be reached until the end.
    NetworkError,
    /// It could not be written, or its spool file is torn.
    InternalSdkError,
    BufferOverflow,
    EventProcessor,
    BeforeSend,
    /// The rate at which traces are sampled was reduced, or a profile chunk made way.
    Backpressure,
    SampleRate,
}

/// Discarded items by reason and category.
pub(crate) type Sums = BTreeMap<(Reason, Category), u64>;

/// What is discarded and not reported yet.
#[derive(Debug, Default)]
pub(crate) struct ClientReports(Mutex<Sums>);

impl ClientReports {
    pub(crate) fn record(&self, content: &[Quantity], reason: Reason) {
        self.restore(content.iter().map(|(category, quantity)| ((reason, *category), *quantity)));
    }

    /// Takes over what the SDK reports. As in the Python SDK, what was not sampled while the rate is reduced counts as
    /// backpressure.
    pub(crate) fn absorb(&self, report: &ClientReport, is_reduced: bool) {
        for loss in report.losses() {
            let reason = match loss.reason.and_then(named).unwrap_or(Reason::InternalSdkError) {
                Reason::SampleRate if is_reduced => Reason::Backpressure,
                reason => reason,
            };
            self.record(&[(category(loss.category), loss.quantity)], reason);
        }
    }

    /// Takes over the client reports of an envelope that an earlier process left on disk. Anything may be in a file:
    /// lines with other names than ours are left out.
    pub(crate) fn absorb_written(&self, envelope: &[u8]) {
        for (_, payload) in items(envelope).filter(|(header, _)| header["type"] == "client_report") {
            let report: Value = serde_json::from_slice(payload).unwrap_or_default();
            for line in report["discarded_events"].as_array().into_iter().flatten() {
                if let Ok(Line { reason, category, quantity }) = Line::deserialize(line) {
                    self.record(&[(category, quantity)], reason);
                }
            }
        }
    }

    /// Takes what is to be reported. [`Self::restore`] it if that fails.
    pub(crate) fn take(&self) -> Option<Sums> {
        let sums = std::mem::take(&mut *self.lock());
        (!sums.is_empty()).then_some(sums)
    }

    pub(crate) fn restore(&self, taken: impl IntoIterator<Item = ((Reason, Category), u64)>) {
        let mut sums = self.lock();
        for (key, quantity) in taken {
            let sum = sums.entry(key).or_default();
            *sum = sum.saturating_add(quantity);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Sums> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A line of a client report.
#[derive(Serialize, Deserialize)]
struct Line {
    reason: Reason,
    category: Category,
    quantity: u64,
}

/// The lines of a client report with these sums.
pub(crate) fn lines(sums: &Sums) -> Value {
    let line = |(&(reason, category), &quantity): (&_, &_)| json!(Line { reason, category, quantity });
    sums.iter().map(line).collect()
}

/// An envelope with these sums as its only item.
pub(crate) fn envelope(sums: &Sums) -> Vec<u8> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    let payload = json!({ "timestamp": now, "discarded_events": lines(sums) }).to_string();
    written(r#"{"type":"client_report""#, payload.as_bytes())
}

/// What is discarded with something of the SDK's.
pub(crate) fn content(source: &(impl LossSource + ?Sized)) -> Vec<Quantity> {
    source.losses().map(|loss| (category(loss.category), loss.quantity)).collect()
}

fn category(of_sdk: impl Serialize) -> Category {
    named(of_sdk).unwrap_or(Category::Default)
}

#[cfg(test)]
mod tests {
    use sentry::protocol::client_report;

    use super::*;

    const REASONS: [Reason; 11] = [
        Reason::QueueOverflow,
        Reason::CacheOverflow,
        Reason::RatelimitBackoff,
        Reason::SendError,
        Reason::NetworkError,
        Reason::InternalSdkError,
        Reason::BufferOverflow,
        Reason::EventProcessor,
        Reason::BeforeSend,
        Reason::Backpressure,
        Reason::SampleRate,
    ];

    fn all() -> Sums {
        let pairs = REASONS.into_iter().flat_map(|reason| Category::ALL.map(|category| (reason, category)));
        pairs.zip(1..).collect()
    }

    #[test]
    fn the_next_process_reports_what_one_process_wrote() {
        let client_reports = ClientReports::default();
        client_reports.absorb_written(&envelope(&all()));
        assert_eq!(client_reports.take(), Some(all()));
    }

    #[test]
    fn all_that_a_report_can_say_fits_into_the_room_that_a_spool_keeps_for_it() {
        let sums = all().into_keys().map(|key| (key, u64::MAX)).collect();
        assert!(envelope(&sums).len() <= sentry_spool::MAX_NOTE, "{}", envelope(&sums).len());
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
        client_reports.record(&[(Category::Span, u64::MAX)], Reason::InternalSdkError);
        client_reports.record(&[(Category::Span, 1)], Reason::InternalSdkError);
        assert_eq!(
            client_reports.take(),
            Some([((Reason::InternalSdkError, Category::Span), u64::MAX)].into())
        );
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
        let sums = [((Reason::InternalSdkError, Category::LogByte), 70)].into();
        let line = json!({ "reason": "internal_sdk_error", "category": "log_byte", "quantity": 70 });
        assert_eq!(lines(&sums), json!([line]));
    }

    #[test]
    fn a_category_of_the_sdk_is_ours_by_its_name_and_an_unknown_one_is_the_default() {
        assert_eq!(category(client_report::Category::TraceMetricByte), Category::TraceMetricByte);
        assert_eq!(category("from_the_future"), Category::Default);
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
            assert!(client_reports.take().is_none_or(|sums| sums.len() <= REASONS.len() * Category::ALL.len()));
        }
    }
}
