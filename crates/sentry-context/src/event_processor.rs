//! The last step before an event leaves, on the transport's thread: symbols, frames, redaction, grouping.

mod wire;

use std::io;

use sentry::protocol::{Context, Envelope, EnvelopeItem, Event, ItemContainer, Transaction, User, Value};

use sentry_delivery::{Encode, stamped};

use crate::fingerprint::Rules;
use crate::report::TYPE_TAG;
use crate::trace::dynamic_sampling::{self, About, Members, OwnContext};
use crate::{feedback, flags, frames, integration, monitor, profile, redaction, request, size, trace};

/// What finishing needs to know about a service.
#[derive(Debug, Clone)]
pub struct EventProcessor {
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

impl Encode for EventProcessor {
    fn encode(&self, envelope: Envelope) -> io::Result<Vec<u8>> {
        wire::bytes(self.envelope(envelope), &self.own.release)
    }
}

impl EventProcessor {
    /// Finishes every event, transaction and log of an envelope, and its headers; other items stay.
    pub fn envelope(&self, envelope: Envelope) -> Finished {
        let headers = envelope.headers().clone();
        let sdk = dynamic_sampling::of_sdk(&headers);
        let (items, traces): (Vec<_>, Vec<_>) =
            envelope.into_items().map(|item| self.item(item, &sdk)).unzip();
        let mut finished = Envelope::new().with_headers(headers);
        items.into_iter().for_each(|item| finished.add_item(item));
        Finished { headers: headers_of(&finished, traces.into_iter().flatten().next()), envelope: finished }
    }

    fn item(&self, item: EnvelopeItem, sdk: &Members) -> (EnvelopeItem, Option<Members>) {
        match item {
            EnvelopeItem::Event(mut event) => {
                let frozen = trace::take(&mut event.contexts);
                self.event(&mut event);
                let about = About { frozen, contexts: &event.contexts, transaction: None };
                let trace = self.own.header(sdk, &about);
                ((*event).into(), trace)
            }
            EnvelopeItem::Transaction(mut transaction) => {
                let frozen = trace::take(&mut transaction.contexts);
                self.transaction(&mut transaction);
                let name = transaction.name.as_deref().filter(|_| Source::of(&transaction).is_good());
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

    /// Finishes one transaction.
    fn transaction(&self, transaction: &mut Transaction<'static>) {
        complete_from_data(transaction);
        transaction.tags.insert("service".to_owned(), self.service.to_owned());
        flags::gather(&mut transaction.contexts);
        integration::add_contexts(&mut transaction.contexts, self.service, &self.own.release);
        profile::add_context(&mut transaction.contexts);
        size::new_transaction(transaction);
        redaction::transaction(transaction);
        size::transaction(transaction);
        request::add_context(
            &mut transaction.contexts,
            transaction.request.as_mut(),
            transaction.user.as_ref(),
        );
    }

    /// Finishes one event.
    pub fn event(&self, event: &mut Event<'static>) {
        let exceptions =
            event.exception.values.iter_mut().filter_map(|exception| exception.stacktrace.as_mut());
        let threads = event.threads.values.iter_mut().filter_map(|thread| thread.stacktrace.as_mut());
        exceptions.chain(threads).for_each(|stacktrace| frames::clean(stacktrace, &self.in_app));
        integration::add_contexts(&mut event.contexts, self.service, &self.own.release);
        if let Some(outermost) = event.exception.values.last() {
            event.tags.insert(TYPE_TAG.to_owned(), outermost.ty.clone());
        }
        size::new_event(event);
        redaction::event(event);
        size::event(event);
        request::add_context(&mut event.contexts, event.request.as_mut(), event.user.as_ref());
        // Sentry groups no feedback.
        if event.contexts.contains_key(feedback::CONTEXT) {
            return;
        }
        if let Some(fingerprint) = self.rules.fingerprint(event) {
            event.fingerprint = fingerprint.into_iter().map(Into::into).collect();
            size::fingerprint(event);
        }
    }
}

/// The envelope's own headers, with that trace.
fn headers_of(envelope: &Envelope, trace: Option<Members>) -> Members {
    let headers = serde_json::to_value(stamped(envelope.headers().clone())).unwrap_or_default();
    let mut headers: Members = match headers {
        Value::Object(headers) => headers.into_iter().collect(),
        _ => Members::new(),
    };
    headers.remove("trace");
    headers.extend(trace.map(|trace| ("trace".to_owned(), Value::Object(trace.into_iter().collect()))));
    headers
}

/// A transaction that is finished outside of its scope still has the user in its data.
fn complete_from_data(transaction: &mut Transaction<'static>) {
    let Some(Context::Trace(trace)) = transaction.contexts.get("trace") else { return };
    let reported = |name: &str| trace.data.get(name).and_then(Value::as_str);
    if let (None, Some(id)) = (&transaction.user, reported("user.id")) {
        let ip_address = reported("client.address").and_then(|ip| ip.parse().ok());
        transaction.user = Some(User { id: Some(id.to_owned()), ip_address, ..User::default() });
    }
}

/// What a transaction is named after, in Sentry's
/// [words](https://develop.sentry.dev/sdk/foundations/data-model/event-payloads/transaction/#transaction-annotations).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Route,
    Url,
    Task,
    Custom,
}

impl Source {
    pub(crate) fn of(transaction: &Transaction<'_>) -> Self {
        let Some(Context::Trace(trace)) = transaction.contexts.get("trace") else { return Self::Custom };
        match trace.op.as_deref() {
            Some(request::OP) if trace.data.contains_key("http.route") => Self::Route,
            Some(request::OP) => Self::Url,
            Some("queue.process" | monitor::OP) => Self::Task,
            _ => Self::Custom,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Route => "route",
            Self::Url => "url",
            Self::Task => "task",
            Self::Custom => "custom",
        }
    }

    /// Is the name one of few?
    fn is_good(self) -> bool {
        self != Self::Url
    }
}
