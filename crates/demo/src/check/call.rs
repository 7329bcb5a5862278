//! One call of a scenario.

use std::time::Duration;

use serde_json::Value;

/// One call: what was sent along, and what came back.
#[derive(Debug)]
pub struct Call {
    /// Unique; sent as `X-Demo-Run`, expected as tag `demo.run_id`.
    pub run_id: String,
    /// 32 hex digits, sent in `sentry-trace`.
    pub trace_id: String,
    /// 16 hex digits: the caller's span, parent of the transaction.
    pub span_id: String,
    /// Who is affected, sent as `X-User-Id` unless the path says it.
    pub user_id: String,
    /// Sent in the headers whose values must never be sent to Sentry.
    pub secret: String,
    /// The answer, or why there is none.
    pub answer: Result<Answer, String>,
    /// From the call to the end of the answer.
    pub elapsed: Duration,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The JSON body; null if it is not JSON.
    pub body: Value,
    /// The header `X-Sentry-Event-Id`.
    pub event_id_header: Option<String>,
}
