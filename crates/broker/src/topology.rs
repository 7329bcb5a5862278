//! Exchange, queues and bindings. They are as the services before these declared them: RabbitMQ refuses to declare a
//! queue anew with other arguments, so there is no `x-dead-letter-exchange`, and dead letters are published.

use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::{Channel, ExchangeKind};

/// The topic exchange.
pub const EXCHANGE: &str = "gaming";

/// Results of games.
pub const GAME_RESULTS: Queue = Queue { name: "analytics.game_results", binding: Some("game.result") };

/// Payments.
pub const PAYMENTS: Queue = Queue { name: "analytics.payments", binding: Some("payment.*") };

/// What could not be understood.
pub const DEAD_LETTERS: Queue = Queue { name: "analytics.dead_letters", binding: None };

/// A durable queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queue {
    /// Its name.
    pub name: &'static str,
    /// The routing keys that it gets, of [`EXCHANGE`].
    pub binding: Option<&'static str>,
}

/// Publishers declare the queues, too: what is published before the first consumer ever ran is not lost.
pub(crate) async fn declare(channel: &Channel) -> lapin::Result<()> {
    let durable = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
    let table = FieldTable::default;
    channel.exchange_declare(EXCHANGE.into(), ExchangeKind::Topic, durable, table()).await?;
    for Queue { name, binding } in [GAME_RESULTS, PAYMENTS, DEAD_LETTERS] {
        channel.queue_declare(name.into(), QueueDeclareOptions::durable(), table()).await?;
        if let Some(key) = binding {
            let options = QueueBindOptions::default();
            channel.queue_bind(name.into(), EXCHANGE.into(), key.into(), options, table()).await?;
        }
    }
    Ok(())
}
