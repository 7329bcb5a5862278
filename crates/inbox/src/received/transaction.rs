//! Requests and other work, with their spans.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::fields::{event_id, tag, text};
use super::{Payload, Span, object};
use crate::facts::{self, Facts};
use crate::timestamp;
use crate::weight::{Weigh, heap_of};

/// A transaction: what lists show of it, and its payload.
#[derive(Debug)]
pub(crate) struct Transaction {
    pub(crate) summary: TransactionSummary,
    /// What it is searched by: its tags, and more.
    pub(crate) facts: Facts,
    pub(crate) payload: Payload,
}

/// What lists show of a transaction.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TransactionSummary {
    /// Its id, 32 hex digits.
    pub event_id: String,
    /// The project in the DSN.
    pub project: String,
    /// Arrival, seconds since 1970.
    pub received_at: f64,
    /// Its name.
    pub transaction: Option<String>,
    /// Such as `http.server`.
    pub op: Option<String>,
    /// Such as `ok`.
    pub status: Option<String>,
    /// When it began, seconds since 1970.
    #[serde(default)]
    pub started_at: Option<f64>,
    /// How long it took.
    pub duration_ms: Option<f64>,
    /// Its trace.
    pub trace_id: Option<String>,
    /// Its span.
    pub span_id: Option<String>,
    /// The caller's span.
    pub parent_span_id: Option<String>,
    /// How many spans are below it; of a streamed one, those that have arrived.
    pub span_count: usize,
    /// Whether its spans came one by one: then its id is made of those of its trace and its span.
    #[serde(default)]
    pub streamed: bool,
    /// Tag `demo.run_id`.
    pub run_id: Option<String>,
    /// Tag `service`.
    pub service: Option<String>,
}

impl Transaction {
    pub(super) fn read(project: &str, envelope: &Map<String, Value>, payload: &[u8]) -> Result<Self, String> {
        let transaction = object(payload)?;
        let trace = &transaction["contexts"]["trace"];
        let start = timestamp::seconds(&transaction["start_timestamp"]);
        let end = timestamp::seconds(&transaction["timestamp"]);
        let summary = TransactionSummary {
            event_id: event_id(&transaction, envelope),
            project: project.to_owned(),
            received_at: timestamp::now(),
            transaction: text(&transaction["transaction"]),
            op: text(&trace["op"]),
            status: text(&trace["status"]),
            started_at: start,
            duration_ms: start.zip(end).map(|(start, end)| milliseconds(end - start)),
            trace_id: text(&trace["trace_id"]),
            span_id: text(&trace["span_id"]),
            parent_span_id: text(&trace["parent_span_id"]),
            span_count: transaction["spans"].as_array().map_or(0, Vec::len),
            streamed: false,
            run_id: tag(&transaction, "demo.run_id"),
            service: tag(&transaction, "service"),
        };
        let facts = facts::of_transaction(&transaction);
        Ok(Self { summary, facts, payload: Payload::read_from(payload)? })
    }

    /// Of the span at the root of a service's part of a trace.
    pub(crate) fn of_segment(segment: &Span) -> Self {
        let transaction = segment.as_transaction(Vec::new());
        let summary = TransactionSummary {
            event_id: segment.transaction_id(),
            project: segment.project.clone(),
            received_at: segment.received_at,
            transaction: segment.description.clone(),
            op: segment.op.clone(),
            status: segment.status.clone(),
            started_at: segment.start,
            duration_ms: segment.seconds().map(milliseconds),
            trace_id: Some(segment.trace_id.clone()),
            span_id: Some(segment.span_id.clone()),
            parent_span_id: segment.parent_span_id.clone(),
            span_count: 0,
            streamed: true,
            run_id: segment.run_id.clone(),
            service: segment.service.clone(),
        };
        Self { summary, facts: facts::of_transaction(&transaction), payload: segment.payload.clone() }
    }
}

impl Weigh for TransactionSummary {
    fn heap(&self) -> usize {
        heap_of([
            &self.event_id,
            &self.project,
            &self.transaction,
            &self.op,
            &self.status,
            &self.trace_id,
            &self.span_id,
            &self.parent_span_id,
            &self.run_id,
            &self.service,
        ])
    }
}

impl Weigh for Transaction {
    fn heap(&self) -> usize {
        heap_of([&self.summary, &self.facts, &self.payload])
    }
}

/// To the microsecond: finer, a timestamp of today has nothing but noise.
pub(crate) fn milliseconds(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e3
}
