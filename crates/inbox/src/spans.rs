//! Streamed spans, and the transactions and traces that are made of them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::Value;

use crate::received::{Span, TransactionSummary};
use crate::ring::Ring;
use crate::weight::Weigh;

/// Most spans that are kept.
pub(crate) const MAX_SPANS: usize = 50_000;

/// Most spans of a streamed transaction.
pub(crate) const MAX_OF_TRANSACTION: usize = 5_000;

/// All that are held.
#[derive(Debug)]
pub(crate) struct Spans(Ring<Arc<Span>>);

impl Default for Spans {
    fn default() -> Self {
        Self(Ring::new(MAX_SPANS))
    }
}

impl Spans {
    pub(crate) fn push(&mut self, span: Span) {
        let weight = span.weight();
        self.0.push(Arc::new(span), weight);
    }

    /// Those of a trace, in the order of their arrival.
    pub(crate) fn of_trace(&self, trace_id: &str) -> Vec<Arc<Span>> {
        self.0.iter().filter(|span| span.trace_id == trace_id).cloned().collect()
    }

    /// Completes the summaries of streamed transactions with how many spans have arrived.
    pub(crate) fn count<'a>(&self, summaries: impl Iterator<Item = &'a mut TransactionSummary>) {
        let mut streamed: HashMap<String, (Vec<Arc<Span>>, Vec<&mut TransactionSummary>)> = HashMap::new();
        for summary in summaries.filter(|it| it.streamed) {
            let trace = summary.trace_id.clone().unwrap_or_default();
            streamed.entry(trace).or_default().1.push(summary);
        }
        if streamed.is_empty() {
            return;
        }
        for span in self.0.iter() {
            if let Some((spans, _)) = streamed.get_mut(&span.trace_id) {
                spans.push(Arc::clone(span));
            }
        }
        for (spans, summaries) in streamed.into_values() {
            for summary in summaries {
                let root = summary.span_id.clone().unwrap_or_default();
                summary.span_count = below(&spans, &root).len();
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.0.bytes()
    }

    pub(crate) fn evicted(&self) -> u64 {
        self.0.evicted()
    }

    pub(crate) fn forget_oldest(&mut self) -> bool {
        self.0.forget_oldest()
    }
}

/// Of the spans of a trace, those below a segment: they name it, or a span of it as their parent. Each once, however
/// often it came; children may have come before their parents.
pub(crate) fn below<'a>(spans: &'a [Arc<Span>], segment: &str) -> Vec<&'a Span> {
    let mut children: HashMap<&str, Vec<&Span>> = HashMap::new();
    let (mut seen, mut next): (HashSet<&str>, Vec<&Span>) = (HashSet::new(), Vec::new());
    for span in spans.iter().map(Arc::as_ref).filter(|span| span.span_id != segment && !span.is_segment) {
        if span.segment_id.as_deref() == Some(segment) {
            next.push(span);
        } else if let (None, Some(parent)) = (&span.segment_id, &span.parent_span_id) {
            children.entry(parent).or_default().push(span);
        }
    }
    next.extend(children.remove(segment).into_iter().flatten());
    let mut below = Vec::new();
    while let Some(span) = next.pop() {
        if seen.insert(&span.span_id) && below.len() < MAX_OF_TRANSACTION {
            next.extend(children.remove(span.span_id.as_str()).into_iter().flatten());
            below.push(span);
        }
    }
    below.sort_by(|one, other| one.start.unwrap_or_default().total_cmp(&other.start.unwrap_or_default()));
    below
}

/// The transaction of a segment, as a client that does not stream would have sent it.
pub(crate) fn transaction(spans: &[Arc<Span>], segment: &str) -> Option<Value> {
    let root = spans.iter().rev().find(|span| span.span_id == segment)?;
    Some(root.as_transaction(below(spans, segment).into_iter().map(Span::in_transaction).collect()))
}
