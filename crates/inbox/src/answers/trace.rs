//! Answers about traces.

use serde::{Deserialize, Serialize};

use crate::received::{EventSummary, Payload};

/// `GET /api/traces`, the most recently updated first.
#[derive(Debug, Serialize, Deserialize)]
pub struct Traces {
    /// A part of the list.
    pub traces: Vec<TraceSummary>,
    /// Whether there is more beyond it.
    pub more: bool,
}

/// What lists show of a trace.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TraceSummary {
    /// Its id.
    pub trace_id: String,
    /// The last arrival of a transaction, seconds since 1970.
    pub received_at: f64,
    /// The name of the transaction that began first.
    pub name: Option<String>,
    /// Its operation.
    pub op: Option<String>,
    /// Its status.
    pub status: Option<String>,
    /// The services, or the projects where services are not named.
    pub services: Vec<String>,
    /// How many transactions are held.
    pub transactions: usize,
    /// How many spans, transactions included.
    pub spans: usize,
    /// How many errors.
    pub errors: usize,
    /// When it began, seconds since 1970.
    pub started_at: Option<f64>,
    /// From its first begin to its last end.
    pub duration_ms: Option<f64>,
    /// Tag `demo.run_id`.
    pub run_id: Option<String>,
}

/// `GET /api/traces/{id}`: all that is held of a trace.
#[derive(Debug, Serialize, Deserialize)]
pub struct Trace {
    /// Its id.
    pub trace_id: String,
    /// Its first begin, seconds since 1970; none where it has no spans.
    pub start: Option<f64>,
    /// Its last end.
    pub end: Option<f64>,
    /// The services, or the projects where services are not named, in the order in which they begin.
    pub services: Vec<String>,
    /// Transactions and spans, the one that began first first, 5,000 at most.
    pub spans: Vec<TraceSpan>,
    /// How many later ones are left out.
    pub omitted_spans: usize,
    /// Its errors, oldest first, the last 200.
    pub errors: Vec<EventSummary>,
    /// How many older ones are left out.
    pub omitted_errors: usize,
    /// Its log entries as they were sent, oldest first, the last 1,000.
    pub logs: Vec<Payload>,
    /// How many older ones are left out.
    pub omitted_logs: usize,
}

/// A span, or a transaction.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TraceSpan {
    /// Its id.
    pub span_id: Option<String>,
    /// The span below which it is. That may be one that has not arrived.
    pub parent_span_id: Option<String>,
    /// When it began, seconds since 1970.
    pub start: f64,
    /// How long it took.
    pub duration_ms: f64,
    /// Such as `db`.
    pub op: Option<String>,
    /// What it did; the name of a transaction.
    pub description: Option<String>,
    /// Such as `ok`. None means that no failure is known.
    pub status: Option<String>,
    /// Tag `service` of its transaction.
    pub service: Option<String>,
    /// The project in the DSN.
    pub project: String,
    /// The transaction that it belongs to: `GET /api/transactions/{id}` has its data.
    pub transaction_id: Option<String>,
    /// Whether it is a transaction itself, or the root of a streamed one.
    pub transaction: bool,
}
