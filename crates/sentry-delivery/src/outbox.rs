//! From the encoders to the connections: encoded envelopes, the most important first.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::category::Category;
use crate::envelope::EncodedEnvelope;
use crate::room::Waiting;

type Queue = VecDeque<Waiting<EncodedEnvelope>>;

/// A queue for each category. Their bounds are those of the room.
#[derive(Default)]
pub(crate) struct Outbox {
    queues: Mutex<[Queue; Category::QUEUES]>,
    /// Wakes connections: one when something arrives, all when it may be sent.
    pub(crate) changed: Notify,
}

impl Outbox {
    /// Adds a new one, or one that comes back from a failed attempt: it goes behind those that have had none.
    pub(crate) fn push(&self, encoded: Waiting<EncodedEnvelope>) {
        self.lock()[encoded.share.category as usize].push_back(encoded);
        self.changed.notify_one();
    }

    pub(crate) fn pop(&self, category: Category) -> Option<Waiting<EncodedEnvelope>> {
        self.lock()[category as usize].pop_front()
    }

    /// The categories of which something waits, the most important first.
    pub(crate) fn categories(&self) -> impl Iterator<Item = Category> + use<> {
        let waits: [bool; Category::QUEUES] = std::array::from_fn({
            let queues = self.lock();
            move |category| !queues[category].is_empty()
        });
        Category::queued().filter(move |category| waits[*category as usize])
    }

    /// Takes all of a category.
    pub(crate) fn remove(&self, category: Category) -> Vec<Waiting<EncodedEnvelope>> {
        std::mem::take(&mut self.lock()[category as usize]).into()
    }

    fn lock(&self) -> MutexGuard<'_, [Queue; Category::QUEUES]> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
