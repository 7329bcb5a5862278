//! The indexes, made as soon as the database is there; the start does not wait for it.

use std::sync::Arc;
use std::time::Duration;

use broker::{Address, Consuming};
use database::{Database, State};
use sentry_context::sentry::Hub;
use tokio::time::sleep;

use crate::consumer;

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(200);

/// Begins to consume, and sees to the indexes.
pub fn start(address: Option<Address>, database: Database, hub: &Arc<Hub>) -> Consuming {
    actix_web::rt::spawn(make_indexes(database.clone()));
    consumer::start(address, database, hub)
}

async fn make_indexes(database: Database) {
    let mut reported = false;
    loop {
        if database.state() == State::Up {
            match consumer::ensure_indexes(&database).await {
                Ok(()) => return,
                Err(error) if !reported => tracing::warn!(%error, "indexes will be made later"),
                Err(_) => {}
            }
            reported = true;
        }
        sleep(if reported { PAUSE * 10 } else { PAUSE }).await;
    }
}
