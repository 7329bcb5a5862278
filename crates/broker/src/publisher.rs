//! Publishing: what requests leave behind is sent by a task, which waits for the broker's confirmation.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{Channel, Confirmation, PublisherConfirm};
use sentry_context::propagation::TraceHeaders;
use sentry_context::sentry::TransactionOrSpan;
use sentry_context::sentry::protocol::SpanStatus;
use sentry_context::{breadcrumbs, facts, metrics, request};
use serde_json::{Map, Value};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::Address;
use crate::link::{self, State, Watched};
use crate::message::Message;
use crate::topology::EXCHANGE;

/// Messages that wait for the broker, at most: some megabytes, and minutes of an outage.
const CAPACITY: usize = 10_000;

/// Messages that wait for their confirmation at once.
const UNCONFIRMED: usize = 256;

/// Publishes messages; cheap to clone.
#[derive(Debug, Clone)]
pub struct Publisher {
    /// `None` where no broker is configured.
    queue: Option<mpsc::Sender<Message>>,
    state: Watched,
    /// Accepted and not confirmed yet.
    waiting: Arc<AtomicUsize>,
    full: Arc<AtomicBool>,
}

impl Publisher {
    /// Starts publishing to that broker; without one, nothing is published. Must be called in a `LocalSet` such as
    /// actix-web's.
    pub fn start(address: Option<Address>) -> Self {
        let Some(address) = address else {
            let state = Watched::new(State::Down);
            return Self { queue: None, state, waiting: Arc::default(), full: Arc::default() };
        };
        let (queue, messages) = mpsc::channel(CAPACITY);
        let state = Watched::new(State::Connecting);
        let waiting = Arc::new(AtomicUsize::new(0));
        let mut outbox = Outbox { messages, unconfirmed: VecDeque::new(), waiting: Arc::clone(&waiting) };
        tokio::task::spawn_local(link::keep(address, state.clone(), async move |channel: &Channel| {
            outbox.publish_to(channel).await
        }));
        Self { queue: Some(queue), state, waiting, full: Arc::default() }
    }

    /// How the broker is, as far as is known without asking.
    pub fn state(&self) -> State {
        self.state.get()
    }

    /// Publishes a JSON object to [`EXCHANGE`], with the current trace in the field `trace`; never waits.
    /// Without a span, as where Sentry is off, there is no trace.
    pub fn publish(&self, routing_key: &'static str, mut body: Map<String, Value>) {
        let Some(queue) = &self.queue else { return };
        let span: Option<TransactionOrSpan> =
            request::span().map(|parent| parent.start_child("queue.publish", routing_key).into());
        let trace = span.as_ref().map(TraceHeaders::of).unwrap_or_default();
        let id = Uuid::new_v4();
        body.insert("trace".to_owned(), serde_json::to_value(&trace).unwrap_or_default());
        let body = Value::Object(body).to_string().into_bytes();
        let size = body.len();
        let accepted = self.accept(queue, Message { routing_key, id, trace, body });
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
        let key = message.routing_key;
        self.waiting.fetch_add(1, Relaxed);
        let accepted = queue.try_send(message).is_ok();
        if !accepted {
            self.waiting.fetch_sub(1, Relaxed);
            metrics::count("messages.dropped", &[("routing_key", key)]);
        }
        if !accepted && !self.full.swap(true, Relaxed) {
            tracing::warn!(key, CAPACITY, "RabbitMQ has been away for too long: messages are dropped");
        } else if accepted {
            self.full.store(false, Relaxed);
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

/// The task's side. What a connection leaves unconfirmed is sent again by the next: a message may come twice, and
/// consumers know it by its id.
struct Outbox {
    messages: mpsc::Receiver<Message>,
    unconfirmed: VecDeque<Message>,
    waiting: Arc<AtomicUsize>,
}

impl Outbox {
    async fn publish_to(&mut self, channel: &Channel) -> lapin::Result<()> {
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        let mut confirmations = FuturesOrdered::new();
        for message in &self.unconfirmed {
            confirmations.push_back(send(channel, message).await?);
        }
        loop {
            tokio::select! {
                Some(message) = self.messages.recv(), if confirmations.len() < UNCONFIRMED => {
                    self.unconfirmed.push_back(message);
                    let Some(message) = self.unconfirmed.back() else { continue };
                    confirmations.push_back(send(channel, message).await?);
                }
                Some(confirmed) = confirmations.next() => self.confirmed(confirmed?),
                // Nobody can publish any more, and nothing is left.
                else => return std::future::pending().await,
            }
        }
    }

    /// Confirmations come in the order of the messages.
    fn confirmed(&mut self, confirmation: Confirmation) {
        let Some(message) = self.unconfirmed.pop_front() else { return };
        if confirmation.is_nack() {
            // The queue could not take it; it would not a second time.
            tracing::warn!(key = message.routing_key, id = %message.id, "RabbitMQ refused a message");
        }
        self.waiting.fetch_sub(1, Relaxed);
    }
}

async fn send(channel: &Channel, message: &Message) -> lapin::Result<PublisherConfirm> {
    let options = BasicPublishOptions::default();
    let (key, properties) = (message.routing_key.into(), message.properties());
    channel.basic_publish(EXCHANGE.into(), key, options, &message.body, properties).await
}
