//! The last step before an event leaves, on the transport's thread: symbols, frames, redaction, grouping.

use sentry::protocol::{Envelope, EnvelopeItem, Event, ItemContainer};

use crate::fingerprint::Rules;
use crate::{frames, redaction, request};

/// What finishing needs to know about a service.
#[derive(Debug, Clone)]
pub struct Finisher {
    /// The service, for the tag `service` of transactions; events have it from their scope.
    pub service: &'static str,
    /// Crates whose frames are ours.
    pub in_app: Vec<&'static str>,
    /// How events are grouped.
    pub rules: Rules,
}

impl Finisher {
    /// Finishes every event and transaction of an envelope; its headers and other items stay.
    pub fn envelope(&self, envelope: Envelope) -> Envelope {
        let headers = envelope.headers().clone();
        let mut finished = Envelope::new();
        for item in envelope.into_items() {
            finished.add_item(self.item(item));
        }
        finished.with_headers(headers)
    }

    fn item(&self, item: EnvelopeItem) -> EnvelopeItem {
        match item {
            EnvelopeItem::Event(mut event) => {
                self.event(&mut event);
                (*event).into()
            }
            EnvelopeItem::Transaction(mut transaction) => {
                transaction.tags.insert("service".to_owned(), self.service.to_owned());
                redaction::transaction(&mut transaction);
                (*transaction).into()
            }
            EnvelopeItem::ItemContainer(ItemContainer::Logs(mut logs)) => {
                logs.iter_mut().for_each(redaction::log);
                logs.into()
            }
            other => other,
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
