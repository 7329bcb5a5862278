//! A message on its way.

use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable};
use sentry_context::propagation::TraceHeaders;
use uuid::Uuid;

/// RabbitMQ keeps it on disk.
const PERSISTENT: u8 = 2;

/// A message to be published.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) routing_key: &'static str,
    pub(crate) id: Uuid,
    pub(crate) trace: TraceHeaders,
    pub(crate) body: Vec<u8>,
}

impl Message {
    pub(crate) fn properties(&self) -> BasicProperties {
        let mut headers = FieldTable::default();
        for (name, value) in self.trace.headers() {
            headers.insert(name.into(), AMQPValue::LongString(value.into()));
        }
        BasicProperties::default()
            .with_content_type("application/json".into())
            .with_delivery_mode(PERSISTENT)
            .with_message_id(self.id.to_string().into())
            .with_headers(headers)
    }
}
