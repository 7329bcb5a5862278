//! What an event says of the span in which it occurs. The SDK gives it the ids of the span only; what the work is, and
//! below which span, is known here while the span is open, or while work goes on that [`held`] it.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};

use sentry::TransactionOrSpan;
use sentry::protocol::{Context, Map, SpanId};

use crate::current_span::MEASUREMENT;

type Spans = HashMap<SpanId, Weak<OpenSpan>>;

/// As many as steps are open in this process.
static OPEN: LazyLock<Mutex<Spans>> = LazyLock::new(Mutex::default);

fn open() -> MutexGuard<'static, Spans> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A span that is open, and what the SDK does not tell of it.
#[derive(Debug)]
pub struct OpenSpan {
    id: SpanId,
    /// Its id costs a copy of the transaction's whole context, and few spans have events.
    parent: TransactionOrSpan,
    op: String,
    description: String,
    span: TransactionOrSpan,
}

impl OpenSpan {
    pub(crate) fn new(
        parent: &TransactionOrSpan,
        span: &TransactionOrSpan,
        op: &str,
        text: &str,
    ) -> Arc<Self> {
        let (op, description) = (op.to_owned(), text.to_owned());
        let (id, parent) = (id_of(span), parent.clone());
        let this = Self { id, parent, op, description, span: span.clone() };
        let this = Arc::new(this);
        open().insert(this.id, Arc::downgrade(&this));
        this
    }
}

impl Drop for OpenSpan {
    fn drop(&mut self) {
        open().remove(&self.id);
    }
}

/// The id of the span itself: what the SDK calls the trace context of a span is that of its transaction.
pub(crate) fn id_of(span: &TransactionOrSpan) -> SpanId {
    match span {
        TransactionOrSpan::Transaction(transaction) => transaction.get_trace_context().span_id,
        TransactionOrSpan::Span(span) => span.get_span_id(),
    }
}

fn find(id: SpanId) -> Option<Arc<OpenSpan>> {
    open().get(&id).and_then(Weak::upgrade)
}

/// Keeps what is known of a span for work beside the request, whose events may arise after the span has ended.
pub fn held(span: Option<&TransactionOrSpan>) -> Option<Arc<OpenSpan>> {
    find(id_of(span?))
}

/// Completes the trace context of an event that is being made.
pub(crate) fn complete(contexts: &mut Map<String, Context>) {
    let Some(Context::Trace(trace)) = contexts.get_mut("trace") else { return };
    if let Some(open) = find(trace.span_id) {
        trace.parent_span_id = Some(id_of(&open.parent));
        trace.op = Some(open.op.clone());
        trace.description = Some(open.description.clone()).filter(|text| !text.is_empty());
        trace.status = open.span.get_status();
        if let TransactionOrSpan::Span(span) = &open.span {
            trace.data.extend(span.data().iter().map(|(name, value)| (name.clone(), value.clone())));
        }
    }
    // They are the transaction's, which has a place of their own for them.
    trace.data.retain(|name, _| !name.starts_with(MEASUREMENT));
}

#[cfg(test)]
mod tests {
    use sentry::TransactionContext;
    use sentry::protocol::TraceContext;

    use super::*;

    fn event_in(span: &TransactionOrSpan) -> TraceContext {
        let trace = TraceContext { span_id: id_of(span), ..TraceContext::default() };
        let mut contexts = Map::from([("trace".to_owned(), trace.into())]);
        complete(&mut contexts);
        let Some(Context::Trace(trace)) = contexts.remove("trace") else { panic!("it has none") };
        *trace
    }

    #[test]
    fn an_event_knows_the_span_while_it_is_open_or_held_and_nothing_is_kept_after() {
        let parent = sentry::start_transaction(TransactionContext::new("GET /", "http.server")).into();
        let TransactionOrSpan::Transaction(transaction) = &parent else { panic!("it is one") };
        let span = TransactionOrSpan::from(transaction.start_child("function", "spin"));
        span.set_data("reel", 3.into());
        span.set_data("measurement.bet", 5.into());
        let open = OpenSpan::new(&parent, &span, "function", "spin");
        let held = held(Some(&span));
        drop(open);
        let trace = event_in(&span);
        assert_eq!(
            (trace.op.as_deref(), trace.description.as_deref(), trace.parent_span_id),
            (Some("function"), Some("spin"), Some(id_of(&parent)))
        );
        assert_eq!(trace.data.into_iter().collect::<Vec<_>>(), [("reel".to_owned(), 3.into())]);
        drop(held);
        assert_eq!(event_in(&span).op, None);
        assert!(!super::open().contains_key(&id_of(&span)));
    }
}
