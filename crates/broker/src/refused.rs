//! Messages that are lost: they were never sent, or the broker did not take them. Each is counted; of each kind, one is
//! reported a minute.

use sentry_context::report::{Reportable, Traced};
use sentry_context::{Facts, facts, limit, metrics};

use crate::message::Message;

/// A message that is lost.
#[derive(Debug, thiserror::Error)]
#[error("messages are lost: {why}")]
pub(crate) struct Refused {
    kind: &'static str,
    why: &'static str,
    /// In the broker's words.
    reason: String,
    routing_key: String,
    id: String,
    bytes: usize,
    /// Since the report before this one.
    messages: u64,
}

impl Refused {
    /// The broker does not take it.
    pub(crate) fn of(message: &Message, reason: &str) -> Self {
        let (why, key) = ("RabbitMQ refuses them", message.routing_key);
        Self::new("messages.refused", why, reason, key, message.id.to_string(), message.body.len())
    }

    /// It is larger than any message is.
    pub(crate) fn too_large(message: &Message) -> Self {
        let (why, key) = ("they are too large", message.routing_key);
        Self::new("messages.too_large", why, "", key, message.id.to_string(), message.body.len())
    }

    /// RabbitMQ has been away for too long.
    pub(crate) fn no_room(routing_key: &'static str) -> Self {
        let why = "RabbitMQ has been away for too long, and no more can wait for it";
        Self::new("messages.dropped", why, "", routing_key, String::new(), 0)
    }

    /// It cannot be made a dead letter.
    pub(crate) fn no_dead_letter(queue: &str, id: String, bytes: usize) -> Self {
        let why = "the queue of dead letters does not take them";
        Self::new("messages.dead_letter_refused", why, "", queue, id, bytes)
    }

    fn new(
        kind: &'static str,
        why: &'static str,
        reason: &str,
        routing_key: &str,
        id: String,
        bytes: usize,
    ) -> Self {
        let (reason, routing_key) = (reason.to_owned(), routing_key.to_owned());
        Self { kind, why, reason, routing_key, id, bytes, messages: 1 }
    }
}

impl Reportable for Refused {
    fn type_name(&self) -> &'static str {
        "MessagesLostError"
    }

    fn context(&self) -> Option<(&'static str, Facts)> {
        let facts = facts([
            ("kind", self.kind.into()),
            ("routing_key", self.routing_key.as_str().into()),
            ("message_id", self.id.as_str().into()),
            ("bytes", self.bytes.into()),
            ("reason", self.reason.as_str().into()),
            ("messages", self.messages.into()),
        ]);
        Some(("messages_lost", facts))
    }
}

/// Counts it, and reports it where that is due.
pub(crate) fn report(mut lost: Refused) {
    metrics::count("messages.lost", &[("kind", lost.kind)]);
    if let Some(messages) = limit::due(lost.kind, 1) {
        lost.messages = messages;
        Traced::from(lost).report();
    }
}
