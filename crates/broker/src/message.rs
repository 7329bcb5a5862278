//! A message on its way.

use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable};
use sentry_context::trace::TraceHeaders;
use uuid::Uuid;

/// RabbitMQ keeps it on disk.
pub(crate) const PERSISTENT: u8 = 2;

/// Larger bodies are neither published nor read, in bytes. Ours have some hundreds.
pub(crate) const LARGEST: usize = 1 << 20;

/// A message to be published.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) routing_key: &'static str,
    pub(crate) id: Uuid,
    pub(crate) trace: TraceHeaders,
    pub(crate) body: Vec<u8>,
    /// How often the broker ended the channel when nothing but this message was on its way.
    pub(crate) blamed: u32,
}

impl Message {
    pub(crate) fn properties(&self) -> BasicProperties {
        BasicProperties::default()
            .with_content_type("application/json".into())
            .with_delivery_mode(PERSISTENT)
            .with_message_id(self.id.to_string().into())
            .with_headers(table(&self.trace))
    }
}

/// A trace as the headers of a message.
pub(crate) fn table(trace: &TraceHeaders) -> FieldTable {
    let mut headers = FieldTable::default();
    for (name, value) in trace.headers() {
        headers.insert(name.into(), AMQPValue::LongString(value.into()));
    }
    headers
}
