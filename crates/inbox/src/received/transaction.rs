//! Requests and other work, with their spans.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Payload, event_id, object, tag, text};
use crate::timestamp;
use crate::weight::{Weigh, heap_of};

/// A transaction: what lists show of it, and its payload.
#[derive(Debug)]
pub(crate) struct Transaction {
    pub(crate) summary: TransactionSummary,
    pub(crate) payload: Payload,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct TransactionSummary {
    pub(crate) event_id: String,
    pub(crate) project: String,
    received_at: f64,
    transaction: Option<String>,
    op: Option<String>,
    status: Option<String>,
    duration_ms: Option<f64>,
    pub(crate) trace_id: Option<String>,
    span_id: Option<String>,
    parent_span_id: Option<String>,
    span_count: usize,
    pub(crate) run_id: Option<String>,
    service: Option<String>,
}

impl Transaction {
    pub(super) fn read(project: &str, envelope: &Map<String, Value>, payload: &[u8]) -> Result<Self, String> {
        let transaction = object(payload)?;
        let trace = &transaction["contexts"]["trace"];
        let start = timestamp::seconds(&transaction["start_timestamp"]);
        let end = timestamp::seconds(&transaction["timestamp"]);
        let summary = TransactionSummary {
            event_id: event_id(&transaction, envelope)?,
            project: project.to_owned(),
            received_at: timestamp::now(),
            transaction: text(&transaction["transaction"]),
            op: text(&trace["op"]),
            status: text(&trace["status"]),
            duration_ms: start.zip(end).map(|(start, end)| milliseconds(end - start)),
            trace_id: text(&trace["trace_id"]),
            span_id: text(&trace["span_id"]),
            parent_span_id: text(&trace["parent_span_id"]),
            span_count: transaction["spans"].as_array().map_or(0, Vec::len),
            run_id: tag(&transaction, "demo.run_id"),
            service: tag(&transaction, "service"),
        };
        Ok(Self { summary, payload: Payload::read_from(payload)? })
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
        heap_of([&self.summary, &self.payload])
    }
}

/// To the microsecond: finer, a timestamp of today has nothing but noise.
fn milliseconds(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e3
}
