//! What links transactions and spans to the samples of the profile: its id, and the thread that did the work.

use std::cell::Cell;
use std::thread;

use sentry::protocol::{Context, Map, SpanId};
use sentry::{Transaction, TransactionOrSpan};

use super::roots::Root;
use super::{active, is_on, profiler_id};
use crate::{current_span, facts, open_spans, platform};

/// Adds the context `profile`, if this process is profiled.
pub(crate) fn add_context(contexts: &mut Map<String, Context>) {
    if let Some(id) = profiler_id() {
        let facts = facts([("profiler_id", id.simple().to_string().into())]);
        contexts.insert("profile".to_owned(), Context::Other(facts));
    }
}

/// Notes on a span that the calling thread does its work. Costs nothing where nobody is profiled.
pub(crate) fn name_thread(span: &TransactionOrSpan) {
    if is_on() && current_span::is_sampled(span) {
        add_thread(span);
    }
}

fn add_thread(span: &TransactionOrSpan) {
    let Some(id) = thread_id() else { return };
    span.set_data("thread.id", id.to_string().into());
    if let Some(name) = thread::current().name() {
        span.set_data("thread.name", name.into());
    }
}

fn thread_id() -> Option<u64> {
    thread_local! {
        static ID: Cell<Option<u64>> = const { Cell::new(None) };
    }
    ID.get().or_else(|| {
        let id = platform::current().thread_id();
        ID.set(id);
        id
    })
}

/// The number of a span for [`active`]; 0 where nobody is profiled.
pub(crate) fn number(span: impl FnOnce() -> SpanId) -> u64 {
    if is_on() { active::number(span()) } else { 0 }
}

/// The number of the span that is open on the current scope.
pub(crate) fn number_of(span: &TransactionOrSpan) -> u64 {
    number(|| open_spans::id_of(span))
}

/// Does the work of a transaction that no request has begun, such as that of a message: its samples and its stalls are
/// the transaction's, and the profile goes on until it ends.
pub async fn followed<F: Future>(transaction: &Transaction, work: F) -> F::Output {
    let span = transaction.clone().into();
    name_thread(&span);
    let _root = Root::of(&span);
    platform::attributed(number_of(&span), work).await
}
