//! The last step before an event leaves, on the transport's thread: symbols, frames, redaction, grouping.

use sentry::protocol::{
    Context, DynamicSamplingContext, Envelope, EnvelopeItem, Event, ItemContainer, Transaction, User,
};

use crate::fingerprint::Rules;
use crate::trace_header::Head;
use crate::{frames, redaction, request, trace_header};

/// What finishing needs to know about a service.
#[derive(Debug, Clone)]
pub struct Finisher {
    /// Crates whose frames are ours.
    pub in_app: Vec<&'static str>,
    /// How events are grouped.
    pub rules: Rules,
    /// What traces that start here say of themselves.
    pub head: Head,
}

impl Finisher {
    /// Finishes every event, transaction and log of an envelope, and its trace header; other items stay.
    pub fn envelope(&self, envelope: Envelope) -> Envelope {
        let headers = envelope.headers().clone();
        let told = trace_header::told(&headers);
        let (items, traces): (Vec<_>, Vec<_>) =
            envelope.into_items().map(|item| self.item(item, &told)).unzip();
        let mut finished = Envelope::new();
        items.into_iter().for_each(|item| finished.add_item(item));
        finished.with_headers(match traces.into_iter().flatten().next() {
            Some(trace) => headers.with_trace(trace),
            None => headers,
        })
    }

    fn item(
        &self,
        item: EnvelopeItem,
        told: &DynamicSamplingContext,
    ) -> (EnvelopeItem, Option<DynamicSamplingContext>) {
        match item {
            EnvelopeItem::Event(mut event) => {
                self.event(&mut event);
                let trace = self.head.of(told.clone(), &event.contexts, event.request.as_ref());
                ((*event).into(), trace)
            }
            EnvelopeItem::Transaction(mut transaction) => {
                name_user(&mut transaction);
                redaction::transaction(&mut transaction);
                let told = told.clone().with_transaction(transaction.name.clone().unwrap_or_default());
                let trace = self.head.of(told, &transaction.contexts, transaction.request.as_ref());
                ((*transaction).into(), trace)
            }
            EnvelopeItem::ItemContainer(ItemContainer::Logs(mut logs)) => {
                logs.iter_mut().for_each(redaction::log);
                (logs.into(), None)
            }
            other => (other, None),
        }
    }

    /// Finishes one event.
    pub fn event(&self, event: &mut Event<'static>) {
        let exceptions =
            event.exception.values.iter_mut().filter_map(|exception| exception.stacktrace.as_mut());
        let threads = event.threads.values.iter_mut().filter_map(|thread| thread.stacktrace.as_mut());
        exceptions.chain(threads).for_each(|stacktrace| frames::clean(stacktrace, &self.in_app));
        if let Some(outermost) = event.exception.values.last() {
            event.tags.insert("error.type".to_owned(), outermost.ty.clone());
        }
        redaction::event(event);
        request::add_context(event);
        if let Some(fingerprint) = self.rules.fingerprint(event) {
            event.fingerprint = fingerprint.into_iter().map(Into::into).collect();
        }
    }
}

/// The middleware finishes the transaction outside the scope that knows the user; its data knows, too.
fn name_user(transaction: &mut Transaction<'static>) {
    let Some(Context::Trace(trace)) = transaction.contexts.get("trace") else { return };
    let id = trace.data.get("user.id").and_then(|id| id.as_str());
    if transaction.user.is_none() && id.is_some() {
        transaction.user = Some(User { id: id.map(str::to_owned), ..User::default() });
    }
}
