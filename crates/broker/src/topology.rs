//! Exchange, queues and bindings: a service names them, and every connection declares them.
//!
//! RabbitMQ refuses to declare a queue again with other arguments. To fit queues that another program has declared as
//! plain durable ones, there is no `x-dead-letter-exchange`: the consumer publishes dead letters itself.

use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::{Channel, ExchangeKind};

/// What publishers and consumers declare on a broker. All of it is durable.
#[derive(Debug, PartialEq, Eq)]
pub struct Topology {
    /// The topic exchange that messages are published to.
    pub exchange: &'static str,
    /// The queues that get messages from the exchange.
    pub queues: &'static [Queue],
    /// The queue of messages that no consumer understands. It has no binding.
    pub dead_letters: &'static str,
}

/// A queue of a [`Topology`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queue {
    /// Its name.
    pub name: &'static str,
    /// The routing keys that it gets, such as `order.created` or `refund.*`.
    pub binding: &'static str,
}

impl Topology {
    /// Publishers declare the queues, too: a message that is published before the first consumer ever ran is kept.
    pub(crate) async fn declare(&self, channel: &Channel) -> lapin::Result<()> {
        let durable = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
        let (exchange, table) = (self.exchange, FieldTable::default);
        channel.exchange_declare(exchange.into(), ExchangeKind::Topic, durable, table()).await?;
        for Queue { name, binding } in self.queues {
            declare_queue(channel, name).await?;
            let options = QueueBindOptions::default();
            channel.queue_bind((*name).into(), exchange.into(), (*binding).into(), options, table()).await?;
        }
        declare_queue(channel, self.dead_letters).await
    }
}

async fn declare_queue(channel: &Channel, name: &str) -> lapin::Result<()> {
    channel.queue_declare(name.into(), QueueDeclareOptions::durable(), FieldTable::default()).await.map(drop)
}
