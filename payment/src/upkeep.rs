//! What has to be done beside the requests, whenever the database is there: indexes, unconfirmed payments, rows that are
//! due, and documents of earlier versions.

use std::sync::Arc;
use std::time::Duration;

use broker::Publisher;
use database::{Database, DatabaseError, State};
use sentry_context::sentry::{Hub, Level, SentryFutureExt};
use sentry_context::{facts, report};
use tokio::time::sleep;

use crate::domain::ledger::{self, Sweep};
use crate::domain::unconfirmed::Unconfirmed;

/// Between two looks.
const INTERVAL: Duration = Duration::from_secs(2);

/// Begins to look after the database. Must be called in a `LocalSet` such as actix-web's.
pub fn start(database: Database, unconfirmed: Unconfirmed, publisher: Publisher, hub: &Arc<Hub>) {
    let hub = Arc::new(Hub::new_from_top(Arc::clone(hub)));
    actix_web::rt::spawn(run(database, unconfirmed, publisher).bind_hub(hub));
}

/// For ever.
async fn run(database: Database, unconfirmed: Unconfirmed, publisher: Publisher) {
    let mut upkeep = Upkeep { indexed: false, sweep: Sweep::default() };
    loop {
        if database.state() == State::Up
            && let Err(error) = upkeep.turn(&database, &unconfirmed, &publisher).await
        {
            tracing::warn!(%error, "the upkeep of the database will be retried");
        }
        sleep(if upkeep.indexed { INTERVAL } else { INTERVAL / 10 }).await;
    }
}

struct Upkeep {
    indexed: bool,
    sweep: Sweep,
}

impl Upkeep {
    async fn turn(
        &mut self,
        database: &Database,
        unconfirmed: &Unconfirmed,
        publisher: &Publisher,
    ) -> Result<(), DatabaseError> {
        if !self.indexed {
            ledger::ensure_indexes(database).await?;
            self.indexed = true;
        }
        // Before rows are settled: a settled payment cannot be cancelled any more.
        match unconfirmed.resolve(database).await? {
            0 => {}
            payments => {
                tracing::warn!(payments, "payments were undone, since their callers had got an error")
            }
        }
        match ledger::settle(database, publisher).await? {
            0 => {}
            rows => {
                tracing::warn!(rows, "rows of payments were written for processes that had not written them")
            }
        }
        match self.sweep.advance(database).await? {
            None | Some(0) => {}
            Some(users) => warn_of_second_documents(users),
        }
        Ok(())
    }
}

/// Once per start: a person has to decide what their money is.
fn warn_of_second_documents(users: u64) {
    let text = format!("{users} documents of `users` belong to players who have another that counts");
    let facts = facts([("documents", users.into()), ("collection", "users".into())]);
    report::message(Level::Warning, text, ("second_accounts", facts));
}
