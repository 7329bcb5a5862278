//! The consumer of messages: counts what was played and paid today, each message once.
//!
//! A message is counted in documents of the database that remember its id: one that is delivered again changes nothing.
//! A message that cannot be read is reported as one event and goes to the dead letters. While the database is away, messages
//! stay in their queues.

mod count;
mod message;
mod shown;

use std::sync::Arc;

use broker::{Address, Consuming, Delivered, Verdict, consume};
use database::{Database, State};
use sentry_context::report::Traced;
use sentry_context::sentry::Hub;
use sentry_context::{breadcrumbs, facts, metrics};
use service::topology::{GAME_RESULTS, PAYMENTS};

pub use count::ensure_indexes;
use message::{Game, NotUnderstood, Payment};

/// Consumes both queues forever.
pub fn start(address: Option<Address>, database: Database, hub: &Arc<Hub>) -> Consuming {
    consume(address, hub, &[GAME_RESULTS, PAYMENTS], async move |delivered| judge(&database, delivered).await)
}

async fn judge(database: &Database, delivered: Delivered) -> Verdict {
    let data = facts([
        ("queue", delivered.queue.name.into()),
        ("routing_key", delivered.routing_key.as_str().into()),
        ("message_id", delivered.id.as_deref().into()),
        ("redelivered", delivered.redelivered.into()),
        ("bytes", delivered.body.len().into()),
    ]);
    breadcrumbs::step("queue", "message received", data);
    // Where it is known to be away, no message has to find out.
    if database.state() == State::Down {
        return Verdict::Later;
    }
    let counted = match delivered.queue {
        PAYMENTS => match Payment::read(&delivered) {
            Ok(payment) => count::payment(database, &payment).await,
            Err(why) => return bury(why),
        },
        _ => match Game::read(&delivered) {
            Ok(game) => count::game(database, &game).await,
            Err(why) => return bury(why),
        },
    };
    match counted {
        Ok(()) => {
            metrics::count("messages.consumed", &[("queue", delivered.queue.name)]);
            Verdict::Done
        }
        Err(error) if error.error.is_unreachable() => {
            tracing::warn!(error = %error.error, "a message waits for the database");
            Verdict::Later
        }
        // The server itself refuses: once more, and not forever.
        Err(_) if !delivered.redelivered => Verdict::Later,
        Err(error) => {
            error.report();
            Verdict::Dead
        }
    }
}

fn bury(why: Traced<NotUnderstood>) -> Verdict {
    why.report();
    metrics::count("messages.dead", &[("queue", why.error.queue())]);
    Verdict::Dead
}
