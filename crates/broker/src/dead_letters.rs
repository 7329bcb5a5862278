//! Messages that cannot be read: each is one dead letter, whatever its properties say.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};

use lapin::message::Delivery;
use lapin::options::BasicPublishOptions;
use lapin::{BasicProperties, Channel, Confirmation};
use sentry_context::trace::TraceHeaders;

use crate::Topology;
use crate::message::{PERSISTENT, table};

/// Dead messages that are remembered, in case that they are delivered again.
const REMEMBERED: usize = 1_000;

/// How often a message is tried to be made a dead letter, over as many connections.
const ATTEMPTS: u32 = 3;

/// What became of a message that was to be a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Buried {
    /// The broker has it.
    Safe,
    /// The broker does not take it.
    Refused,
}

/// The latest messages of a queue that are dead. When a connection is lost before one is acknowledged, it comes again;
/// it has been reported, and it may be a dead letter already.
#[derive(Debug)]
pub(crate) struct DeadLetters {
    topology: &'static Topology,
    latest: RefCell<VecDeque<Dead>>,
}

#[derive(Debug)]
struct Dead {
    message: u64,
    attempts: u32,
    buried: Option<Buried>,
}

impl DeadLetters {
    pub(crate) fn new(topology: &'static Topology) -> Self {
        Self { topology, latest: RefCell::default() }
    }

    /// Was it found dead before?
    pub(crate) fn knows(&self, delivery: &Delivery) -> bool {
        let message = name(delivery);
        delivery.redelivered && self.latest.borrow().iter().any(|dead| dead.message == message)
    }

    /// Publishes it to the dead letters, once, and waits until it is safe there.
    pub(crate) async fn bury(
        &self,
        channel: &Channel,
        delivery: &Delivery,
        trace: Option<&TraceHeaders>,
    ) -> lapin::Result<Buried> {
        let message = name(delivery);
        match self.attempt(message) {
            (_, Some(buried)) => return Ok(buried),
            (attempts, None) if attempts > ATTEMPTS => return Ok(Buried::Refused),
            _ => {}
        }
        let mut confirmation = self.publish(channel, delivery, trace).await?;
        if matches!(confirmation, Confirmation::Ack(Some(_))) {
            // Somebody has removed the queue.
            self.topology.declare(channel).await?;
            confirmation = self.publish(channel, delivery, trace).await?;
        }
        let buried = match confirmation {
            Confirmation::Ack(None) => Buried::Safe,
            _ => Buried::Refused,
        };
        if let Some(dead) = self.latest.borrow_mut().iter_mut().find(|dead| dead.message == message) {
            dead.buried = Some(buried);
        }
        Ok(buried)
    }

    async fn publish(
        &self,
        channel: &Channel,
        delivery: &Delivery,
        trace: Option<&TraceHeaders>,
    ) -> lapin::Result<Confirmation> {
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let properties = safe(&delivery.properties, trace);
        let queue = self.topology.dead_letters.into();
        channel.basic_publish("".into(), queue, options, &delivery.data, properties).await?.await
    }

    /// Counts an attempt.
    fn attempt(&self, message: u64) -> (u32, Option<Buried>) {
        let mut all = self.latest.borrow_mut();
        if !all.iter().any(|dead| dead.message == message) {
            if all.len() >= REMEMBERED {
                all.pop_front();
            }
            all.push_back(Dead { message, attempts: 0, buried: None });
        }
        let Some(dead) = all.iter_mut().find(|dead| dead.message == message) else { return (1, None) };
        dead.attempts += 1;
        (dead.attempts, dead.buried)
    }
}

/// Two messages of the same id and body are one.
fn name(delivery: &Delivery) -> u64 {
    let mut hasher = DefaultHasher::new();
    delivery.properties.message_id().as_ref().map(|id| id.as_str()).hash(&mut hasher);
    delivery.data.hash(&mut hasher);
    hasher.finish()
}

/// What reports a message. All else may route it elsewhere, have it vanish, or be refused: copies, an expiration, a
/// priority, a user.
fn safe(properties: &BasicProperties, trace: Option<&TraceHeaders>) -> BasicProperties {
    let mut safe = BasicProperties::default().with_delivery_mode(PERSISTENT);
    if let Some(content_type) = properties.content_type() {
        safe = safe.with_content_type(content_type.clone());
    }
    if let Some(id) = properties.message_id() {
        safe = safe.with_message_id(id.clone());
    }
    if let Some(timestamp) = properties.timestamp() {
        safe = safe.with_timestamp(*timestamp);
    }
    if let Some(kind) = properties.kind() {
        safe = safe.with_type(kind.clone());
    }
    match trace {
        Some(trace) => safe.with_headers(table(trace)),
        None => safe,
    }
}
