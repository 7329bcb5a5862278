//! Sampled transactions that are open: while there is one, [`Lifecycle::Trace`](super::Lifecycle::Trace) profiles.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Mutex, PoisonError};
use std::thread::Thread;

use sentry::TransactionOrSpan;

use super::is_on;
use crate::current_span;

static OPEN: AtomicUsize = AtomicUsize::new(0);
static WAITING: Mutex<Option<Thread>> = Mutex::new(None);

/// A sampled transaction that is open, until this is dropped.
#[derive(Debug)]
pub(crate) struct Root(());

impl Root {
    /// `None` if the transaction will not be sent.
    pub(crate) fn of(transaction: &TransactionOrSpan) -> Option<Self> {
        (is_on() && current_span::is_sampled(transaction)).then(Self::open)
    }

    fn open() -> Self {
        if OPEN.fetch_add(1, SeqCst) == 0
            && let Some(waiting) = &*WAITING.lock().unwrap_or_else(PoisonError::into_inner)
        {
            waiting.unpark();
        }
        Self(())
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        OPEN.fetch_sub(1, SeqCst);
    }
}

/// Is there one?
pub fn is_open() -> bool {
    OPEN.load(SeqCst) > 0
}

/// The calling thread is unparked when the first one opens.
pub fn unpark_this_thread() {
    *WAITING.lock().unwrap_or_else(PoisonError::into_inner) = Some(std::thread::current());
}
