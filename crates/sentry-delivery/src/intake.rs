//! From the threads that report to an encoder: a queue in order of arrival.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::category::Category;
use crate::envelope::NewEnvelope;
use crate::room::Waiting;

/// What the SDK has handed over, and nobody has encoded yet. Its bounds are those of the room.
#[derive(Default)]
pub(crate) struct Intake {
    queue: Mutex<Queue>,
    /// Wakes the encoder.
    arrived: Notify,
}

#[derive(Default)]
struct Queue {
    envelopes: VecDeque<Waiting<NewEnvelope>>,
    is_closed: bool,
}

impl Intake {
    /// Adds the newest; gives it back where nothing more comes in.
    pub(crate) fn push(&self, new: Waiting<NewEnvelope>) -> Result<(), Box<Waiting<NewEnvelope>>> {
        let mut queue = self.lock();
        if queue.is_closed {
            return Err(Box::new(new));
        }
        queue.envelopes.push_back(new);
        drop(queue);
        self.arrived.notify_one();
        Ok(())
    }

    /// The oldest; `None` once it is closed and empty.
    pub(crate) async fn next(&self) -> Option<Waiting<NewEnvelope>> {
        loop {
            let mut arrived = pin!(self.arrived.notified());
            arrived.as_mut().enable();
            {
                let mut queue = self.lock();
                if let Some(new) = queue.envelopes.pop_front() {
                    return Some(new);
                }
                if queue.is_closed {
                    return None;
                }
            }
            arrived.await;
        }
    }

    /// Lets nothing more in. What is there can still be taken.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.arrived.notify_waiters();
    }

    /// Closes it, and takes everything.
    pub(crate) fn drain(&self) -> Vec<Waiting<NewEnvelope>> {
        let mut queue = self.lock();
        queue.is_closed = true;
        let left = std::mem::take(&mut queue.envelopes);
        drop(queue);
        self.arrived.notify_waiters();
        left.into()
    }

    /// Takes all of a category.
    pub(crate) fn remove(&self, category: Category) -> Vec<Waiting<NewEnvelope>> {
        let mut queue = self.lock();
        let all = std::mem::take(&mut queue.envelopes);
        let (removed, kept) = all.into_iter().partition(|new| new.share.category == category);
        queue.envelopes = kept;
        Vec::from(removed)
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().envelopes.len()
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
