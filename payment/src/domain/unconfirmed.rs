//! Unconfirmed payments: those whose callers got an error, although they may be booked.
//!
//! A command that was on its way when the server fell silent is carried out once the server wakes, and nobody is there
//! any more to hear of it. What failed must have changed nothing, so such a payment is cancelled as soon as the server
//! is there. One that has a key is left alone: its caller asks again by the key, and hears what became of it.
//!
//! The list is bounded. A payment needs a place in it before it is sent: while all are taken, payments without a key
//! are refused, because a failure of theirs could not be made good. The list ends with the process; what it held then is
//! either not booked, or booked with its row.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use database::{Database, DatabaseError};
use futures_util::future::join_all;
use sentry_context::sentry::Level;
use sentry_context::{facts, report};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::ledger::{self, Booking, Cancelled};
use crate::error::PaymentError;

/// Payments without a key that are being booked or are unconfirmed, at most. Each takes some 300 bytes.
const CAPACITY: usize = 10_000;

/// Payments that are cancelled at once.
const AT_ONCE: usize = 16;

/// Payments of which it is not known whether they are booked. Clones share them.
#[derive(Debug, Clone)]
pub struct Unconfirmed {
    places: Arc<Semaphore>,
    payments: Arc<Mutex<VecDeque<Payment>>>,
}

#[derive(Debug)]
struct Payment {
    booking: Booking,
    _place: OwnedSemaphorePermit,
}

/// A place for one payment.
#[derive(Debug)]
pub struct Place(Option<(Unconfirmed, OwnedSemaphorePermit)>);

impl Default for Unconfirmed {
    fn default() -> Self {
        Self::with_capacity(CAPACITY)
    }
}

impl Unconfirmed {
    /// An empty list for so many payments.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(capacity)), payments: Arc::default() }
    }

    /// A place for a payment that is about to be booked. One that has a key needs none.
    pub fn reserve(&self, booking: &Booking) -> Result<Place, PaymentError> {
        if booking.is_keyed() {
            return Ok(Place(None));
        }
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_| PaymentError::TooManyUnconfirmed { waiting: self.len() })?;
        Ok(Place(Some((self.clone(), place))))
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.payments.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Cancels them; how many were booked and are undone. To be called while the server is there. What fails stays
    /// on the list.
    pub async fn resolve(&self, database: &Database) -> Result<usize, DatabaseError> {
        let (mut undone, mut stand) = (0, 0);
        let result = loop {
            let some = self.some();
            if some.is_empty() {
                break Ok(());
            }
            let cancelled = join_all(some.iter().map(|booking| ledger::cancel(database, booking))).await;
            let mut failed = None;
            for (booking, cancelled) in some.iter().zip(cancelled) {
                match cancelled {
                    Ok(Cancelled::Never) => {}
                    Ok(Cancelled::Undone) => undone += 1,
                    Ok(Cancelled::Stands) => stand += 1,
                    Err(error) => {
                        failed = Some(error);
                        continue;
                    }
                }
                self.remove(booking);
            }
            if let Some(error) = failed {
                break Err(error);
            }
        };
        if stand > 0 {
            let text = format!("{stand} payments that were answered as failed are booked, and stay");
            let facts = facts([("payments", stand.into())]);
            report::message(Level::Warning, text, ("unconfirmed_payments", facts));
        }
        result.map(|()| undone)
    }

    /// The last attempt, when the process is about to end; how many are left.
    pub async fn finish(&self, database: &Database, limit: Duration) -> usize {
        if !self.is_empty() {
            let _ = timeout(limit, self.resolve(database)).await;
        }
        self.len()
    }

    /// The first of them; they stay on the list.
    fn some(&self) -> Vec<Booking> {
        let payments = self.payments.lock().unwrap_or_else(PoisonError::into_inner);
        payments.iter().take(AT_ONCE).map(|payment| payment.booking.clone()).collect()
    }

    fn remove(&self, booking: &Booking) {
        let mut payments = self.payments.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = payments.iter().position(|payment| payment.booking.id() == booking.id()) {
            payments.remove(at);
        }
    }
}

impl Place {
    /// Puts the payment there: it failed, and may be booked.
    pub fn take(self, booking: Booking) {
        if let Some((Unconfirmed { payments, .. }, place)) = self.0 {
            let payment = Payment { booking, _place: place };
            payments.lock().unwrap_or_else(PoisonError::into_inner).push_back(payment);
        }
    }
}
