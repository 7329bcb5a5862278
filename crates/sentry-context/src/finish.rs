//! The last step before an event leaves, on the transport's thread: symbols, frames, redaction, grouping.

use sentry::protocol::{Context, Envelope, EnvelopeItem, Event, ItemContainer, Transaction, User, Value};

use crate::fingerprint::Rules;
use crate::report::TYPE_TAG;
use crate::trace_header::{About, Members, OwnContext};
use crate::{frames, incoming, redaction, request, trace_header};

/// What finishing needs to know about a service.
#[derive(Debug, Clone)]
pub struct Finisher {
    /// The service, for the tag `service` of transactions; events have it from their scope.
    pub service: &'static str,
    /// Crates whose frames are ours.
    pub in_app: Vec<&'static str>,
    /// How events are grouped.
    pub rules: Rules,
    /// What traces that begin here say of this service.
    pub own: OwnContext,
}

/// An envelope that is ready to be written.
#[derive(Debug)]
pub struct Finished {
    /// Its headers; those of the envelope itself are not written.
    pub headers: Members,
    /// Its items.
    pub envelope: Envelope,
}

impl Finisher {
    /// Finishes every event, transaction and log of an envelope, and its headers; other items stay.
    pub fn envelope(&self, envelope: Envelope) -> Finished {
        let headers = envelope.headers().clone();
        let sdk = trace_header::of_sdk(&headers);
        let (items, traces): (Vec<_>, Vec<_>) =
            envelope.into_items().map(|item| self.item(item, &sdk)).unzip();
        let mut finished = Envelope::new().with_headers(headers);
        items.into_iter().for_each(|item| finished.add_item(item));
        Finished { headers: headers_of(&finished, traces.into_iter().flatten().next()), envelope: finished }
    }

    fn item(&self, item: EnvelopeItem, sdk: &Members) -> (EnvelopeItem, Option<Members>) {
        match item {
            EnvelopeItem::Event(mut event) => {
                let frozen = incoming::take(&mut event.contexts);
                self.event(&mut event);
                let about = About { frozen, contexts: &event.contexts, transaction: None };
                let trace = self.own.header(sdk, &about);
                ((*event).into(), trace)
            }
            EnvelopeItem::Transaction(mut transaction) => {
                let frozen = incoming::take(&mut transaction.contexts);
                name_user(&mut transaction);
                transaction.tags.insert("service".to_owned(), self.service.to_owned());
                redaction::transaction(&mut transaction);
                let name = transaction.name.as_deref();
                let about = About { frozen, contexts: &transaction.contexts, transaction: name };
                let trace = self.own.header(sdk, &about);
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
            event.tags.insert(TYPE_TAG.to_owned(), outermost.ty.clone());
        }
        redaction::event(event);
        request::add_context(event);
        if let Some(fingerprint) = self.rules.fingerprint(event) {
            event.fingerprint = fingerprint.into_iter().map(Into::into).collect();
        }
    }
}

/// The envelope's own headers, with that trace.
fn headers_of(envelope: &Envelope, trace: Option<Members>) -> Members {
    let headers = serde_json::to_value(envelope.headers()).unwrap_or_default();
    let mut headers: Members = match headers {
        Value::Object(headers) => headers.into_iter().collect(),
        _ => Members::new(),
    };
    headers.remove("trace");
    headers.extend(trace.map(|trace| ("trace".to_owned(), Value::Object(trace.into_iter().collect()))));
    headers
}

/// The middleware finishes the transaction outside the scope that knows the user; its data knows, too.
fn name_user(transaction: &mut Transaction<'static>) {
    let Some(Context::Trace(trace)) = transaction.contexts.get("trace") else { return };
    let id = trace.data.get("user.id").and_then(|id| id.as_str());
    if transaction.user.is_none() && id.is_some() {
        transaction.user = Some(User { id: id.map(str::to_owned), ..User::default() });
    }
}
