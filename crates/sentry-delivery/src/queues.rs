//! Envelopes that wait for the next step: a queue for each category, of which the most important goes first.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::category::Category;
use crate::room::Waiting;

/// A queue for each category. Their bounds are those of the room.
pub(crate) struct Queues<T> {
    state: Mutex<State<T>>,
    /// Wakes the one task that takes envelopes out.
    pub(crate) changed: Notify,
}

struct State<T> {
    queues: [VecDeque<Waiting<T>>; Category::QUEUES],
    is_closed: bool,
}

impl<T> Default for Queues<T> {
    fn default() -> Self {
        let state = State { queues: Default::default(), is_closed: false };
        Self { state: Mutex::new(state), changed: Notify::new() }
    }
}

impl<T> Queues<T> {
    /// Adds an envelope at the end of its queue. Gives it back once the queues are closed.
    pub(crate) fn push(&self, waiting: Waiting<T>) -> Result<(), Box<Waiting<T>>> {
        let mut state = self.lock();
        if state.is_closed {
            return Err(Box::new(waiting));
        }
        state.queues[waiting.share.category as usize].push_back(waiting);
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    /// Waits for the oldest envelope of the most important category; `None` once the queues are closed and empty.
    pub(crate) async fn next(&self) -> Option<Waiting<T>> {
        loop {
            {
                let mut state = self.lock();
                if let Some(waiting) = state.queues.iter_mut().find_map(VecDeque::pop_front) {
                    return Some(waiting);
                }
                if state.is_closed {
                    return None;
                }
            }
            self.changed.notified().await;
        }
    }

    /// Takes the oldest envelope of a category.
    pub(crate) fn pop(&self, category: Category) -> Option<Waiting<T>> {
        self.lock().queues[category as usize].pop_front()
    }

    /// Takes all envelopes of a category.
    pub(crate) fn remove(&self, category: Category) -> Vec<Waiting<T>> {
        std::mem::take(&mut self.lock().queues[category as usize]).into()
    }

    /// The categories of which something waits, the most important first.
    pub(crate) fn categories(&self) -> impl Iterator<Item = Category> + use<T> {
        let waits: [bool; Category::QUEUES] = {
            let state = self.lock();
            std::array::from_fn(|category| !state.queues[category].is_empty())
        };
        Category::queued().filter(move |category| waits[*category as usize])
    }

    /// Lets nothing more in. What waits can still be taken.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_one();
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().queues.iter().map(VecDeque::len).sum()
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
