//! Traces: everything that is held of a trace, across services and languages.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use serde_json::Value;

use crate::answers::{Trace, TraceSpan, TraceSummary};
use crate::query::Query;
use crate::received::fields::text;
use crate::received::{EventSummary, Payload, Span, TransactionSummary, milliseconds};
use crate::search::is_of_trace;
use crate::spans::below;
use crate::store::State;
use crate::timestamp;
use crate::weight::{Weigh, heap_of};

/// Most spans of a trace in one answer: the earliest.
pub(crate) const MAX_SPANS: usize = 5_000;

/// Most errors and most log entries of a trace in one answer: the latest.
pub(crate) const MAX_ERRORS: usize = 200;
pub(crate) const MAX_LOGS: usize = 1_000;

/// What is held of a trace, copied so that it can be worked on without the lock.
pub(crate) struct Collected {
    trace_id: String,
    transactions: Vec<(TransactionSummary, Payload)>,
    spans: Vec<Arc<Span>>,
    errors: Vec<EventSummary>,
    omitted_errors: usize,
    logs: Vec<Payload>,
    omitted_logs: usize,
}

/// `None` if nothing of it is held.
pub(crate) fn collect(state: &State, trace_id: &str) -> Option<Collected> {
    let own = |it: &Option<String>| it.as_deref() == Some(trace_id);
    let transactions = state.transactions.iter().filter(|it| own(&it.summary.trace_id));
    let transactions: Vec<_> = transactions.map(|it| (it.summary.clone(), it.payload.clone())).collect();
    let spans = state.spans.of_trace(trace_id);
    let errors = || state.events.iter().filter(|it| own(&it.summary.trace_id));
    let logs = || state.logs.iter().filter(|it| own(&it.trace_id));
    let (errors_held, logs_held) = (errors().count(), logs().count());
    let skipped = |held: usize, most: usize| held.saturating_sub(most);
    let empty = transactions.is_empty() && spans.is_empty() && errors_held == 0 && logs_held == 0;
    (!empty).then(|| Collected {
        trace_id: trace_id.to_owned(),
        transactions,
        spans,
        omitted_errors: skipped(errors_held, MAX_ERRORS),
        errors: errors().skip(skipped(errors_held, MAX_ERRORS)).map(|it| it.summary.clone()).collect(),
        omitted_logs: skipped(logs_held, MAX_LOGS),
        logs: logs().skip(skipped(logs_held, MAX_LOGS)).map(|it| it.payload.clone()).collect(),
    })
}

impl Collected {
    /// All spans, the earliest first, with errors and log entries in the order of their arrival.
    pub(crate) fn together(self) -> Trace {
        let mut spans: Vec<TraceSpan> = Vec::new();
        for (summary, payload) in self.transactions.iter().filter(|(summary, _)| !summary.streamed) {
            spans.extend(of_transaction(summary, &payload.read()));
        }
        spans.extend(streamed(&self.spans));
        spans.sort_by(|one, other| one.start.total_cmp(&other.start));
        let start = spans.first().map(|span| span.start);
        let end = spans.iter().map(|span| span.start + span.duration_ms / 1e3).reduce(f64::max);
        let mut services = Vec::new();
        for span in &spans {
            let name = span.service.as_ref().unwrap_or(&span.project);
            if !services.contains(name) {
                services.push(name.clone());
            }
        }
        let omitted_spans = spans.len().saturating_sub(MAX_SPANS);
        spans.truncate(MAX_SPANS);
        Trace {
            trace_id: self.trace_id,
            start,
            end,
            services,
            spans,
            omitted_spans,
            errors: self.errors,
            omitted_errors: self.omitted_errors,
            logs: self.logs,
            omitted_logs: self.omitted_logs,
        }
    }
}

fn of_transaction(summary: &TransactionSummary, transaction: &Value) -> Vec<TraceSpan> {
    let trace = &transaction["contexts"]["trace"];
    let root = TraceSpan {
        description: summary.transaction.clone(),
        start: timestamp::seconds(&transaction["start_timestamp"]).unwrap_or(summary.received_at),
        duration_ms: summary.duration_ms.unwrap_or_default().max(0.0),
        transaction: true,
        ..span(summary, trace)
    };
    let spans = transaction["spans"].as_array().into_iter().flatten().filter(|span| span.is_object());
    let spans: Vec<_> = spans.map(|it| span(summary, it)).collect();
    [root].into_iter().chain(spans).collect()
}

fn span(summary: &TransactionSummary, span: &Value) -> TraceSpan {
    let start = timestamp::seconds(&span["start_timestamp"]);
    let end = timestamp::seconds(&span["timestamp"]);
    TraceSpan {
        span_id: text(&span["span_id"]),
        parent_span_id: text(&span["parent_span_id"]),
        start: start.or(summary.started_at).unwrap_or(summary.received_at),
        duration_ms: start.zip(end).map_or(0.0, |(start, end)| milliseconds(end - start).max(0.0)),
        op: text(&span["op"]),
        description: text(&span["description"]),
        status: text(&span["status"]),
        service: summary.service.clone(),
        project: summary.project.clone(),
        transaction_id: Some(summary.event_id.clone()),
        transaction: false,
    }
}

/// Each once, however often it came.
fn streamed(spans: &[Arc<Span>]) -> Vec<TraceSpan> {
    // The segment above each span.
    let mut owners: HashMap<&str, &Span> = HashMap::new();
    for segment in spans.iter().filter(|span| span.is_segment) {
        owners.insert(&segment.span_id, segment);
        owners.extend(below(spans, &segment.span_id).into_iter().map(|it| (it.span_id.as_str(), &**segment)));
    }
    let mut seen = BTreeSet::new();
    let once = spans.iter().rev().filter(|span| seen.insert(span.span_id.as_str()));
    once.map(|span| {
        let owner = owners.get(span.span_id.as_str());
        TraceSpan {
            span_id: Some(span.span_id.clone()),
            parent_span_id: span.parent_span_id.clone(),
            start: span.start.unwrap_or(span.received_at),
            duration_ms: span.seconds().map_or(0.0, |it| milliseconds(it).max(0.0)),
            op: span.op.clone(),
            description: span.description.clone(),
            status: span.status.clone(),
            service: span.service.clone().or_else(|| owner.and_then(|owner| owner.service.clone())),
            project: span.project.clone(),
            transaction_id: owner.map(|owner| owner.transaction_id()),
            transaction: span.is_segment,
        }
    })
    .collect()
}

/// The traces of which a transaction is held, the most recent first.
pub(crate) fn summaries(state: &State) -> Vec<TraceSummary> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut all: Vec<TraceSummary> = Vec::new();
    for summary in state.transactions.iter().rev().map(|it| &it.summary) {
        let Some(id) = summary.trace_id.as_deref() else { continue };
        let place = *places.entry(id).or_insert_with(|| {
            all.push(TraceSummary::new(id, summary.received_at));
            all.len() - 1
        });
        if let Some(trace) = all.get_mut(place) {
            trace.add(summary);
        }
    }
    for event in state.events.iter() {
        let place = event.summary.trace_id.as_deref().and_then(|id| places.get(id));
        if let Some(trace) = place.and_then(|place| all.get_mut(*place)) {
            trace.errors += 1;
        }
    }
    all
}

/// Those that fit a search. Each of its words fits the trace itself or one of its transactions; one that is excluded fits
/// none of them.
pub(crate) fn searched(state: &State, query: Query) -> Vec<TraceSummary> {
    let (of_trace, of_transactions) = query.split(is_of_trace);
    let mut all = summaries(state);
    all.retain(|trace| of_trace.fits(trace));
    for term in of_transactions.terms {
        let negated = term.negated;
        let word = Query { terms: vec![term] };
        // Of an excluded word, the traces that have what is excluded.
        let found = state.transactions.iter().filter(|it| word.fits(*it) != negated);
        let found: HashSet<&str> = found.filter_map(|it| it.summary.trace_id.as_deref()).collect();
        all.retain(|trace| found.contains(trace.trace_id.as_str()) != negated);
    }
    all
}

impl TraceSummary {
    fn new(trace_id: &str, received_at: f64) -> Self {
        Self {
            trace_id: trace_id.to_owned(),
            received_at,
            name: None,
            op: None,
            status: None,
            services: Vec::new(),
            transactions: 0,
            spans: 0,
            errors: 0,
            started_at: None,
            duration_ms: None,
            run_id: None,
        }
    }

    /// The name is that of the transaction that began first.
    fn add(&mut self, transaction: &TransactionSummary) {
        self.transactions += 1;
        self.spans += 1 + transaction.span_count;
        let service = transaction.service.as_ref().unwrap_or(&transaction.project);
        if !self.services.contains(service) {
            self.services.push(service.clone());
        }
        self.run_id = self.run_id.take().or_else(|| transaction.run_id.clone());
        let end = |start: Option<f64>, duration: Option<f64>| Some(start? + duration? / 1e3);
        let ends =
            [end(self.started_at, self.duration_ms), end(transaction.started_at, transaction.duration_ms)];
        let first = match (self.started_at, transaction.started_at) {
            (Some(one), Some(other)) => other < one,
            (None, _) => true,
            (Some(_), None) => false,
        };
        if first {
            self.started_at = transaction.started_at;
            self.name.clone_from(&transaction.transaction);
            self.op.clone_from(&transaction.op);
            self.status.clone_from(&transaction.status);
        }
        let end = ends.into_iter().flatten().reduce(f64::max);
        self.duration_ms = end.zip(self.started_at).map(|(end, start)| milliseconds(end - start));
    }
}

impl Weigh for TraceSummary {
    fn heap(&self) -> usize {
        heap_of([&self.trace_id, &self.name, &self.op, &self.status, &self.services, &self.run_id])
    }
}
