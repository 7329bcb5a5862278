//! What has to be done beside the requests, whenever the database is there: indexes, payments that failed and were booked
//! all the same, and rows that were left as notes.

use std::time::Duration;

use sentry_context::database::{Database, DatabaseError, State};
use tokio::time::sleep;

use crate::domain::doubts::Doubts;
use crate::domain::ledger;

/// Between two looks.
const INTERVAL: Duration = Duration::from_secs(2);

/// Looks after the database for ever.
pub async fn run(database: Database, doubts: Doubts) {
    let mut indexed = false;
    loop {
        if database.state() == State::Up
            && let Err(error) = look_after(&database, &doubts, &mut indexed).await
        {
            tracing::warn!(%error, "the upkeep of the database will be tried again");
        }
        sleep(if indexed { INTERVAL } else { INTERVAL / 10 }).await;
    }
}

async fn look_after(database: &Database, doubts: &Doubts, indexed: &mut bool) -> Result<(), DatabaseError> {
    if !*indexed {
        ledger::ensure_indexes(database).await?;
        *indexed = true;
    }
    match doubts.resolve(database).await? {
        0 => {}
        payments => tracing::warn!(payments, "payments were taken back that had failed for their callers"),
    }
    match ledger::settle(database).await? {
        0 => {}
        rows => tracing::warn!(rows, "rows of payments were written that somebody had left as notes"),
    }
    Ok(())
}
