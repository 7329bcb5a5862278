//! A trace that came in with a request or a message, bound to the scope of the work that continues it.
//!
//! The dynamic sampling context of such a trace is frozen, as Sentry's
//! [protocol](https://develop.sentry.dev/sdk/foundations/trace-propagation/) requires: it goes out as it came, to Sentry
//! and to the next service. If the caller sends `sentry-trace` without a context, this service adds none.

use sentry::protocol::{Context, Map, SpanId, TraceId};
use sentry::{Scope, TransactionOrSpan};

use super::baggage::Baggage;
use crate::facts;

/// The key of the context on scopes and transactions, until [`crate::event_processor`] removes it.
const KEY: &str = "dynamic_sampling_context";

/// Its field below [`KEY`] on a scope.
const FIELD: &str = "baggage";

/// A trace that another service began, or passed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Incoming {
    trace: SentryTrace,
    /// `None` if the caller does not speak Sentry's protocol: then this service begins the context.
    frozen: Option<Baggage>,
}

/// The content of a `sentry-trace` header; `Display` writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SentryTrace {
    trace: TraceId,
    span: SpanId,
    sampled: Option<bool>,
}

impl Incoming {
    /// From a valid `sentry-trace` and the baggage beside it.
    pub(crate) fn from_sentry(sentry_trace: &str, baggage: Baggage) -> Option<Self> {
        let trace: SentryTrace = SentryTrace::parse(sentry_trace)?;
        // Baggage of another trace does not belong to this one.
        let is_of_it =
            baggage.get("trace_id").is_none_or(|id| id.eq_ignore_ascii_case(&trace.trace.to_string()));
        let frozen = if is_of_it { baggage } else { Baggage::default() };
        Some(Self { trace, frozen: Some(frozen) })
    }

    /// From a W3C `traceparent`; its caller may also speak Sentry's protocol.
    pub(crate) fn from_w3c(trace: SentryTrace, baggage: Baggage) -> Self {
        let is_of_it =
            baggage.get("trace_id").is_some_and(|id| id.eq_ignore_ascii_case(&trace.trace.to_string()));
        Self { trace, frozen: is_of_it.then_some(baggage) }
    }

    /// The trace as a `sentry-trace` header.
    pub(crate) fn sentry_trace(&self) -> String {
        self.trace.to_string()
    }

    /// Binds the context to a scope, for its events and spawned work, and to its transaction. Does nothing if the
    /// transaction does not continue this trace: the SDK refuses traces of other organizations.
    pub(crate) fn bind(&self, scope: &mut Scope) {
        let (Some(frozen), Some(span)) = (&self.frozen, scope.get_span()) else { return };
        let context = span.get_trace_context();
        if (context.trace_id, context.parent_span_id) != (self.trace.trace, Some(self.trace.span)) {
            return;
        }
        let frozen = frozen.to_string();
        if let TransactionOrSpan::Transaction(transaction) = &span {
            transaction.set_data(KEY, frozen.as_str().into());
        }
        scope.set_context(KEY, Context::Other(facts([(FIELD, frozen.into())])));
    }
}

/// The context that the trace of a span came in with, if it came in with one, as a header has it.
pub(crate) fn frozen_of(span: &TransactionOrSpan) -> Option<String> {
    span.get_trace_context().data.get(KEY)?.as_str().map(str::to_owned)
}

/// Removes the context that [`Incoming::bind`] has set, and returns it.
pub(crate) fn take(contexts: &mut Map<String, Context>) -> Option<Baggage> {
    let on_scope = match contexts.remove(KEY) {
        Some(Context::Other(fields)) => {
            fields.get(FIELD).and_then(|reported| reported.as_str()).map(Baggage::of)
        }
        _ => None,
    };
    let on_transaction = match contexts.get_mut("trace") {
        Some(Context::Trace(trace)) => trace.data.remove(KEY),
        _ => None,
    };
    on_scope.or_else(|| on_transaction?.as_str().map(Baggage::of))
}

impl SentryTrace {
    /// Returns `None` unless it is exactly `{trace}-{span}` or `{trace}-{span}-{0 or 1}`, with ids that are not all zero.
    pub(crate) fn parse(header: &str) -> Option<Self> {
        let mut parts = header.trim_matches([' ', '\t']).split('-');
        let (trace, span) = (parts.next()?, parts.next()?);
        let sampled = match parts.next() {
            None | Some("") => None,
            Some("1") => Some(true),
            Some("0") => Some(false),
            Some(_) => return None,
        };
        if parts.next().is_some() {
            return None;
        }
        Self::of(trace, span, sampled)
    }

    /// From ids in hex.
    pub(crate) fn of(trace: &str, span: &str, sampled: Option<bool>) -> Option<Self> {
        let is_id = |id: &str, length| {
            id.len() == length
                && id.bytes().all(|byte| byte.is_ascii_hexdigit())
                && id.bytes().any(|byte| byte != b'0')
        };
        if !is_id(trace, 32) || !is_id(span, 16) {
            return None;
        }
        Some(Self { trace: trace.parse().ok()?, span: span.parse().ok()?, sampled })
    }
}

impl std::fmt::Display for SentryTrace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.trace, self.span)?;
        self.sampled.map_or(Ok(()), |sampled| write!(f, "-{}", u8::from(sampled)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    fn written(header: &str) -> Option<String> {
        SentryTrace::parse(header).map(|trace| trace.to_string())
    }

    #[test]
    fn a_sentry_trace_has_two_ids_and_perhaps_a_decision() {
        for decision in ["", "-1", "-0"] {
            let header = format!("{TRACE}-{SPAN}{decision}");
            assert_eq!(written(&header), Some(header.clone()), "{header}");
            assert_eq!(written(&format!(" {} \t", header.to_uppercase())), Some(header), "in upper case");
        }
        assert_eq!(written(&format!("{TRACE}-{SPAN}-")), Some(format!("{TRACE}-{SPAN}")));
    }

    #[test]
    fn what_is_no_sentry_trace_or_all_zeros_is_none() {
        let (no_trace, no_span) = ("0".repeat(32), "0".repeat(16));
        for broken in [
            String::new(),
            "-".to_owned(),
            "not-a-trace".to_owned(),
            TRACE.to_owned(),
            format!("{no_trace}-{SPAN}-1"),
            format!("{TRACE}-{no_span}-1"),
            format!("{no_trace}-{no_span}"),
            format!("{TRACE}-{SPAN}-2"),
            format!("{TRACE}-{SPAN}-true"),
            format!("{TRACE}-{SPAN}-1-1"),
            format!("{TRACE}-{SPAN}1"),
            format!("{TRACE}0-{SPAN}"),
            format!("{}g-{SPAN}", &TRACE[1..]),
            format!("{TRACE}-{}é", &SPAN[2..]),
            format!("{TRACE} -{SPAN}"),
        ] {
            assert_eq!(written(&broken), None, "{broken}");
        }
    }

    #[test]
    fn a_context_of_another_trace_is_none_of_this_one() {
        let sentry_trace = format!("{TRACE}-{SPAN}-1");
        let other = Baggage::of(&format!("sentry-trace_id={},sentry-public_key=k", "1".repeat(32)));
        let incoming = Incoming::from_sentry(&sentry_trace, other.clone()).unwrap();
        assert_eq!(incoming.frozen, Some(Baggage::default()));
        let w3c = Incoming::from_w3c(SentryTrace::parse(&sentry_trace).unwrap(), other);
        assert_eq!(w3c.frozen, None);
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..Default::default() })]

        #[test]
        fn fuzz_any_sentry_trace_is_read_or_none(header in r#"([0-9a-fA-F]{16}|[0-9a-f]{0,3}|-|0{16}|[ \té]){0,8}"#) {
            if let Some(trace) = SentryTrace::parse(&header) {
                let written = trace.to_string();
                proptest::prop_assert_eq!(SentryTrace::parse(&written), Some(trace));
                proptest::prop_assert!(header.to_lowercase().trim().starts_with(&written));
            }
        }
    }
}
