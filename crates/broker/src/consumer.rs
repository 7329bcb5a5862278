//! Consuming: each delivery is a transaction of its own that continues the publisher's trace.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::StreamExt;
use lapin::Channel;
use lapin::message::Delivery;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicNackOptions, BasicQosOptions, ConfirmSelectOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use sentry_context::profile;
use sentry_context::sentry::protocol::SpanStatus;
use sentry_context::sentry::{self, Hub, SentryFutureExt, TransactionContext};
use sentry_context::trace::{BAGGAGE, SENTRY_TRACE, TraceHeaders};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::sleep;

use crate::dead_letters::{Buried, DeadLetters};
use crate::link::{self, State, Watched};
use crate::message::LARGEST;
use crate::refused::{self, Refused};
use crate::{Address, Queue};

/// Deliveries on their way at once, per queue.
const PREFETCH: u16 = 10;

/// Before a delivery is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// A message as it came.
#[derive(Debug, Clone)]
pub struct Delivered {
    /// Its queue.
    pub queue: Queue,
    /// Such as `order.created`.
    pub routing_key: String,
    /// Its publisher's name for it, if it has one.
    pub id: Option<String>,
    /// Whether it was delivered before.
    pub redelivered: bool,
    /// What it says.
    pub body: Vec<u8>,
}

/// What is to become of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Done: it is not needed any more.
    Done,
    /// Nobody will ever understand it: to the dead letters.
    Dead,
    /// It could not be worked on just now: to be delivered again, in a second.
    Later,
}

/// Whether something is consumed.
#[derive(Debug, Clone)]
pub struct Consuming(Vec<Watched>);

impl Consuming {
    /// Is every queue consumed, as far as is known without asking?
    pub fn is_running(&self) -> bool {
        !self.0.is_empty() && self.0.iter().all(|state| state.get() == State::Up)
    }

    /// How the broker is.
    pub fn state(&self) -> State {
        self.0.iter().map(Watched::get).find(|state| *state != State::Up).unwrap_or(match self.0.as_slice() {
            [] => State::Down,
            _ => State::Up,
        })
    }
}

/// Consumes queues of the address's [`Topology`](crate::Topology) forever, up to ten deliveries of each at once;
/// without a broker, nothing. Must be called in a `LocalSet` such as actix-web's. Each delivery is worked on under a
/// hub of its own.
pub fn consume<Work>(address: Option<Address>, hub: &Arc<Hub>, queues: &[Queue], work: Work) -> Consuming
where
    Work: AsyncFn(Delivered) -> Verdict + Clone + 'static,
{
    let Some(address) = address else { return Consuming(Vec::new()) };
    let each = |queue: &Queue| {
        let state = Watched::new(State::Connecting);
        let (hub, work) = (Arc::clone(hub), work.clone());
        let dead = DeadLetters::new(address.topology);
        let consumer = Consumer { queue: *queue, hub, work, dead };
        let run = async move |channel: &Channel| consumer.run(channel).await;
        tokio::task::spawn_local(link::keep(address.clone(), state.clone(), run));
        state
    };
    Consuming(queues.iter().map(each).collect())
}

struct Consumer<Work> {
    queue: Queue,
    hub: Arc<Hub>,
    work: Work,
    dead: DeadLetters,
}

impl<Work: AsyncFn(Delivered) -> Verdict> Consumer<Work> {
    async fn run(&self, channel: &Channel) -> lapin::Result<()> {
        // Dead letters are acknowledged once they are safe.
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        channel.basic_qos(PREFETCH, BasicQosOptions::default()).await?;
        let (options, table) = (BasicConsumeOptions::default(), FieldTable::default());
        let deliveries = channel.basic_consume(self.queue.name.into(), "".into(), options, table).await?;
        let work = deliveries.map(|delivery| async { self.settle(channel, delivery?).await });
        let mut work = work.buffer_unordered(usize::from(PREFETCH));
        while let Some(settled) = work.next().await {
            settled?;
        }
        Ok(())
    }

    async fn settle(&self, channel: &Channel, delivery: Delivery) -> lapin::Result<()> {
        // What was found dead is reported: only its dead letter may be missing.
        let verdict = match self.dead.knows(&delivery) {
            true => Verdict::Dead,
            false => self.process(&delivery).await,
        };
        match verdict {
            Verdict::Done => {}
            Verdict::Dead => self.bury(channel, &delivery).await?,
            Verdict::Later => {
                sleep(PAUSE).await;
                let again = BasicNackOptions { requeue: true, ..BasicNackOptions::default() };
                return delivery.acker.nack(again).await.map(drop);
            }
        }
        delivery.acker.ack(BasicAckOptions::default()).await.map(drop)
    }

    async fn bury(&self, channel: &Channel, delivery: &Delivery) -> lapin::Result<()> {
        if self.dead.bury(channel, delivery, trace_of(delivery).as_ref()).await? == Buried::Refused {
            let id = delivery.properties.message_id().as_ref().map(ToString::to_string).unwrap_or_default();
            let lost = Refused::no_dead_letter(self.queue.name, id, delivery.data.len());
            let hub = Arc::new(Hub::new_from_top(Arc::clone(&self.hub)));
            Hub::run(hub, || refused::report(lost));
        }
        Ok(())
    }

    /// One transaction.
    async fn process(&self, delivery: &Delivery) -> Verdict {
        let hub = Arc::new(Hub::new_from_top(Arc::clone(&self.hub)));
        let trace = trace_of(delivery);
        let transaction =
            Hub::run(Arc::clone(&hub), || sentry::start_transaction(continued(trace.as_ref(), self.queue)));
        let delivered = self.delivered(delivery);
        let retries = u32::from(delivered.redelivered);
        transaction.set_data("messaging.system", "rabbitmq".into());
        transaction.set_data("messaging.destination.name", self.queue.name.into());
        transaction.set_data("messaging.message.body.size", delivered.body.len().into());
        transaction.set_data("messaging.message.retry.count", retries.into());
        if let Some(id) = &delivered.id {
            transaction.set_data("messaging.message.id", id.as_str().into());
        }
        if let Some(latency) = latency(&delivered.body) {
            transaction.set_data("messaging.message.receive.latency", latency.into());
        }
        hub.configure_scope(|scope| {
            scope.set_span(Some(transaction.clone().into()));
            trace.iter().for_each(|trace| trace.bind(scope));
            scope.set_transaction(Some(self.queue.name));
            scope.set_tag("queue", self.queue.name);
        });
        let verdict = profile::followed(&transaction, (self.work)(delivered)).bind_hub(hub).await;
        transaction.set_status(match verdict {
            Verdict::Done => SpanStatus::Ok,
            Verdict::Dead => SpanStatus::InvalidArgument,
            Verdict::Later => SpanStatus::Unavailable,
        });
        transaction.finish();
        verdict
    }

    fn delivered(&self, delivery: &Delivery) -> Delivered {
        Delivered {
            queue: self.queue,
            routing_key: delivery.routing_key.to_string(),
            id: delivery.properties.message_id().as_ref().map(ToString::to_string),
            redelivered: delivery.redelivered,
            body: delivery.data.clone(),
        }
    }
}

fn continued(trace: Option<&TraceHeaders>, queue: Queue) -> TransactionContext {
    match trace {
        Some(trace) => trace.continued(queue.name, "queue.process"),
        None => TransactionContext::new(queue.name, "queue.process"),
    }
}

/// The publisher's trace: by the headers, or else by the body.
fn trace_of(delivery: &Delivery) -> Option<TraceHeaders> {
    #[derive(Deserialize)]
    struct Traced {
        trace: TraceHeaders,
    }
    let header = |name: &str| {
        let headers = delivery.properties.headers().as_ref()?;
        let Some(AMQPValue::LongString(value)) = headers.inner().get(name) else { return None };
        Some(value.to_string())
    };
    let trace = match header(SENTRY_TRACE) {
        Some(sentry_trace) => TraceHeaders { sentry_trace, baggage: header(BAGGAGE).unwrap_or_default() },
        None if delivery.data.len() > LARGEST => return None,
        None => serde_json::from_slice::<Traced>(&delivery.data).ok()?.trace,
    };
    trace.within_bounds()
}

/// Milliseconds since it was published, as its body says: in seconds, or in milliseconds.
fn latency(body: &[u8]) -> Option<f64> {
    let body: Value = serde_json::from_slice(body.get(..LARGEST).is_none().then_some(body)?).ok()?;
    let published = body.get("timestamp")?.as_f64()?;
    let published = if published < 1e11 { published * 1e3 } else { published };
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some((now.as_secs_f64() * 1e3 - published).max(0.0))
}
