//! A trace that goes on elsewhere: the headers that carry it, out of this service and into it, where no HTTP middleware
//! does ([protocol](https://develop.sentry.dev/sdk/telemetry/traces/#propagation)).

use sentry::{Hub, TransactionContext, TransactionOrSpan};
use serde::{Deserialize, Serialize};
use url::form_urlencoded::byte_serialize;

/// The name of the header with trace, span and decision.
pub const SENTRY_TRACE: &str = "sentry-trace";

/// The name of the header with what the head of the trace decided.
pub const BAGGAGE: &str = "baggage";

/// Headers of a trace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceHeaders {
    /// `{trace id}-{span id}-{0 or 1}`.
    #[serde(rename = "sentry-trace")]
    pub sentry_trace: String,
    /// Members of the form `sentry-{name}={value}`.
    #[serde(default)]
    pub baggage: String,
}

impl TraceHeaders {
    /// For what goes on below that span. A trace that began elsewhere keeps the baggage that it came with.
    pub fn of(span: &TransactionOrSpan, came_with: Option<&str>) -> Self {
        let sentry_trace = span.iter_headers().next().map(|(_, value)| value).unwrap_or_default();
        let baggage = match came_with.filter(|baggage| baggage.contains("sentry-trace_id=")) {
            Some(baggage) => baggage.to_owned(),
            None => begun_here(&sentry_trace),
        };
        Self { sentry_trace, baggage }
    }

    /// A transaction that continues the trace.
    pub fn continued(&self, name: &str, op: &str) -> TransactionContext {
        TransactionContext::continue_from_headers(name, op, self.headers())
    }

    /// Names and values, those that are there.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        [(SENTRY_TRACE, self.sentry_trace.as_str()), (BAGGAGE, self.baggage.as_str())]
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
    }
}

/// What the baggage of a trace says that this service began.
fn begun_here(sentry_trace: &str) -> String {
    let Some(client) = Hub::current().client() else { return String::new() };
    let options = client.options();
    let mut told = sentry_trace.split('-');
    let members = [
        ("trace_id", told.next().unwrap_or_default().to_owned()),
        ("public_key", options.dsn.as_ref().map(|dsn| dsn.public_key().to_owned()).unwrap_or_default()),
        ("release", options.release.clone().unwrap_or_default().into_owned()),
        ("environment", options.environment.clone().unwrap_or_default().into_owned()),
        ("sampled", told.nth(1).map(|it| (it == "1").to_string()).unwrap_or_default()),
    ];
    let members = members.iter().filter(|(_, value)| !value.is_empty());
    let member = |(name, value): &(&str, String)| {
        let value: String = byte_serialize(value.as_bytes()).collect();
        format!("sentry-{name}={}", value.replace('+', "%20"))
    };
    members.map(member).collect::<Vec<_>>().join(",")
}
