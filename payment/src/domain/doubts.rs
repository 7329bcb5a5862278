//! Payments that failed for their callers, and may be booked all the same.
//!
//! A command that was on its way when the server fell silent is carried out once the server wakes, and nobody is there
//! any more to be told. What failed must have changed nothing, so such a payment is taken back. One that has a key is
//! left alone: its caller asks again by the key, and is told what became of it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sentry_context::database::{Database, DatabaseError};

use super::ledger::{self, Booking};

/// How long after the server's return a payment may still be booked: the connection that it was sent over is closed.
const WAKING: Duration = Duration::from_secs(60);

/// Payments of which it is not known whether they are booked. Clones share them; they end with the process.
#[derive(Debug, Clone, Default)]
pub struct Doubts(Arc<Mutex<Vec<Doubt>>>);

#[derive(Debug, Clone)]
struct Doubt {
    booking: Booking,
    /// Since when the server is there again.
    since: Option<Instant>,
}

impl Doubts {
    /// Notes a payment that failed, unless its caller can ask again.
    pub fn note(&self, booking: Booking) {
        if !booking.is_named() {
            self.add(vec![Doubt { booking, since: None }]);
        }
    }

    /// Takes back those that were booked; how many. To be called again and again while the server is there.
    pub async fn resolve(&self, database: &Database) -> Result<usize, DatabaseError> {
        let mut doubts = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if doubts.is_empty() {
            return Ok(0);
        }
        let now = Instant::now();
        doubts.iter_mut().for_each(|doubt| _ = doubt.since.get_or_insert(now));
        let taken_back = take_back(database, &mut doubts).await;
        if taken_back.is_err() {
            // The server is not there again yet.
            doubts.iter_mut().for_each(|doubt| doubt.since = None);
        }
        doubts.retain(|doubt| doubt.since.is_none_or(|since| now.duration_since(since) < WAKING));
        self.add(doubts);
        taken_back
    }

    fn add(&self, doubts: Vec<Doubt>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(doubts);
    }
}

/// Leaves those that are not booked, or not yet.
async fn take_back(database: &Database, doubts: &mut Vec<Doubt>) -> Result<usize, DatabaseError> {
    let booked = ledger::booked_among(database, doubts.iter().map(|doubt| &doubt.booking)).await?;
    let mut count = 0;
    for id in booked {
        let Some(at) = doubts.iter().position(|doubt| doubt.booking.id() == id) else { continue };
        ledger::take_back(database, &doubts[at].booking).await?;
        doubts.swap_remove(at);
        count += 1;
    }
    Ok(count)
}
