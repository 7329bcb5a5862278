//! The headers that carry a trace in and out where no HTTP middleware does, such as through a broker
//! ([protocol](https://develop.sentry.dev/sdk/telemetry/traces/#propagation)).

use sentry::{Hub, Scope, TransactionContext, TransactionOrSpan};
use serde::{Deserialize, Serialize};

use super::baggage::{self, Baggage};
use super::incoming::{self, Incoming};

/// The name of the header with trace, span and decision.
pub const SENTRY_TRACE: &str = "sentry-trace";

/// The name of the header with the dynamic sampling context.
pub const BAGGAGE: &str = "baggage";

/// Headers of a trace; empty if there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TraceHeaders {
    /// `{trace id}-{span id}-{0 or 1}`.
    #[serde(rename = "sentry-trace", skip_serializing_if = "String::is_empty")]
    pub sentry_trace: String,
    /// Members of the form `sentry-{name}={value}`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub baggage: String,
}

impl TraceHeaders {
    /// For work below that span. A trace that came in keeps its dynamic sampling context.
    pub fn of(span: &TransactionOrSpan) -> Self {
        let sentry_trace = span.iter_headers().next().map(|(_, value)| value).unwrap_or_default();
        let baggage = incoming::frozen_of(span).unwrap_or_else(|| begun_here(&sentry_trace));
        Self { sentry_trace, baggage }
    }

    /// Validates and bounds headers from outside; `None` if they name no trace.
    pub fn within_bounds(mut self) -> Option<Self> {
        self.incoming()?;
        if self.baggage.len() > baggage::LIMIT {
            self.baggage = Baggage::of(&self.baggage).to_string();
        }
        Some(self)
    }

    /// A transaction that continues the trace, or begins one if there are no valid headers.
    pub fn continued(&self, name: &str, op: &str) -> TransactionContext {
        match self.incoming() {
            Some(_) => TransactionContext::continue_from_headers(name, op, self.headers()),
            None => TransactionContext::new(name, op),
        }
    }

    /// Binds the dynamic sampling context of the trace to a scope whose span is the transaction that continues it. Call it
    /// before anything is captured there.
    pub fn bind(&self, scope: &mut Scope) {
        if let Some(incoming) = self.incoming() {
            incoming.bind(scope);
        }
    }

    fn incoming(&self) -> Option<Incoming> {
        Incoming::from_sentry(&self.sentry_trace, Baggage::of(&self.baggage))
    }

    /// Names and values that are not empty.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        [(SENTRY_TRACE, self.sentry_trace.as_str()), (BAGGAGE, self.baggage.as_str())]
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
    }
}

/// The baggage of a trace that this service began.
fn begun_here(sentry_trace: &str) -> String {
    let Some(client) = Hub::current().client() else { return String::new() };
    let options = client.options();
    let mut parts = sentry_trace.split('-');
    let dsn = options.dsn.as_ref();
    let org_id = dsn.and_then(|dsn| dsn.org_id()).map(|id| id.to_string());
    let trace_id = parts.next().unwrap_or_default();
    let sampled = parts.nth(1).map(|it| if it == "1" { "true" } else { "false" });
    baggage::written([
        ("trace_id", trace_id),
        ("public_key", dsn.map(|dsn| dsn.public_key()).unwrap_or_default()),
        ("release", options.release.as_deref().unwrap_or_default()),
        ("environment", options.environment.as_deref().unwrap_or_default()),
        ("org_id", org_id.as_deref().unwrap_or_default()),
        ("sampled", sampled.unwrap_or_default()),
    ])
}
