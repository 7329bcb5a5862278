//! Publishing: what requests leave behind is sent by a task, which waits for the broker's confirmation.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use lapin::Channel;
use sentry_context::sentry::protocol::SpanStatus;
use sentry_context::sentry::{Hub, SentryFutureExt};
use sentry_context::trace::TraceHeaders;
use sentry_context::{breadcrumbs, facts, request};
use serde_json::{Map, Value};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::Address;
use crate::link::{self, State, Watched};
use crate::message::{LARGEST, Message};
use crate::outbox::Outbox;
use crate::refused::{self, Refused};

/// Messages that wait for the broker, at most: some megabytes, and minutes of an outage.
const CAPACITY: usize = 10_000;

/// Publishes messages; cheap to clone.
#[derive(Debug, Clone)]
pub struct Publisher {
    /// `None` if no broker is configured.
    queue: Option<mpsc::Sender<Message>>,
    state: Watched,
    /// Accepted and not confirmed yet.
    waiting: Arc<AtomicUsize>,
}

impl Publisher {
    /// Starts publishing to that broker; without one, nothing is published. Must be called in a `LocalSet` such as
    /// actix-web's. What is lost is reported under the hub.
    pub fn start(address: Option<Address>, hub: &Arc<Hub>) -> Self {
        let Some(address) = address else {
            let state = Watched::new(State::Down);
            return Self { queue: None, state, waiting: Arc::default() };
        };
        let (queue, messages) = mpsc::channel(CAPACITY);
        let state = Watched::new(State::Connecting);
        let waiting = Arc::new(AtomicUsize::new(0));
        let mut outbox = Outbox::new(address.topology.exchange, messages, Arc::clone(&waiting));
        let publishing = link::keep(address, state.clone(), async move |channel: &Channel| {
            outbox.publish_to(channel).await
        });
        tokio::task::spawn_local(publishing.bind_hub(Arc::new(Hub::new_from_top(Arc::clone(hub)))));
        Self { queue: Some(queue), state, waiting }
    }

    /// How the broker is, as far as is known without asking.
    pub fn state(&self) -> State {
        self.state.get()
    }

    /// Publishes a JSON object to the exchange, with the current trace in the field `trace`; never waits.
    /// Without a span, as where Sentry is off, there is no trace.
    pub fn publish(&self, routing_key: &'static str, mut body: Map<String, Value>) {
        let Some(queue) = &self.queue else { return };
        let span = request::child("queue.publish", routing_key);
        let trace = span.as_ref().map(TraceHeaders::of).unwrap_or_default();
        let id = Uuid::new_v4();
        body.insert("trace".to_owned(), serde_json::to_value(&trace).unwrap_or_default());
        let body = Value::Object(body).to_string().into_bytes();
        let size = body.len();
        let accepted = self.accept(queue, Message { routing_key, id, trace, body, blamed: 0 });
        if let Some(span) = span {
            span.set_data("messaging.system", "rabbitmq".into());
            span.set_data("messaging.destination.name", routing_key.into());
            span.set_data("messaging.message.id", id.to_string().into());
            span.set_data("messaging.message.body.size", size.into());
            span.set_status(if accepted { SpanStatus::Ok } else { SpanStatus::ResourceExhausted });
            span.finish();
        }
        let data = facts([
            ("routing_key", routing_key.into()),
            ("message_id", id.to_string().into()),
            ("broker", self.state().as_str().into()),
            ("accepted", accepted.into()),
        ]);
        breadcrumbs::step("queue", "message published", data);
    }

    fn accept(&self, queue: &mpsc::Sender<Message>, message: Message) -> bool {
        if message.body.len() > LARGEST {
            refused::report(Refused::too_large(&message));
            return false;
        }
        let key = message.routing_key;
        self.waiting.fetch_add(1, Relaxed);
        let accepted = queue.try_send(message).is_ok();
        if !accepted {
            self.waiting.fetch_sub(1, Relaxed);
            refused::report(Refused::no_room(key));
        }
        accepted
    }

    /// Waits until everything is confirmed, or for that long; how many messages are left.
    pub async fn finish(&self, limit: Duration) -> usize {
        let end = Instant::now() + limit;
        while self.waiting.load(Relaxed) > 0 && Instant::now() < end {
            sleep(Duration::from_millis(20)).await;
        }
        self.waiting.load(Relaxed)
    }
}
