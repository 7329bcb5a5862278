//! How much waits, of each category and in all, wherever it waits: in a queue, with the encoder, or on its way.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::category::Category;

/// The longest envelope that is accepted although it is beyond the bound by itself, where nothing else of its category
/// waits. Sentry takes 20 MiB, compressed.
const MAX_ENVELOPE_BYTES: usize = 32 * 1024 * 1024;

/// How full a queue is where it counts as crowded.
pub(crate) const CROWDED: f32 = 0.5;

/// The bounds of what waits.
#[derive(Debug, Default)]
pub(crate) struct Room {
    taken: [Taken; Category::QUEUES],
    count: AtomicUsize,
    /// Wakes the sender and threads once nothing waits any more.
    pub(crate) emptied: Notify,
    lock: Mutex<()>,
    settled: Condvar,
}

#[derive(Debug, Default)]
struct Taken {
    count: AtomicUsize,
    bytes: AtomicUsize,
}

/// An envelope that waits, and its share of the room, which is free again once this is dropped.
#[derive(Debug)]
pub(crate) struct Waiting<T> {
    pub(crate) envelope: T,
    pub(crate) share: Share,
}

/// A share of the room.
#[derive(Debug)]
pub(crate) struct Share {
    room: Arc<Room>,
    pub(crate) category: Category,
    bytes: usize,
}

impl Room {
    /// Takes a share; `None` if it would exceed a bound of the category.
    pub(crate) fn take(self: &Arc<Self>, category: Category, bytes: usize) -> Option<Share> {
        let (bounds, taken) = (category.bounds(), &self.taken[category as usize]);
        let count = taken.count.fetch_add(1, SeqCst);
        let before = taken.bytes.fetch_add(bytes, SeqCst);
        self.count.fetch_add(1, SeqCst);
        let share = Share { room: Arc::clone(self), category, bytes };
        let most = if count == 0 { bounds.bytes.max(MAX_ENVELOPE_BYTES) } else { bounds.bytes };
        (count < bounds.count && before + bytes <= most).then_some(share)
    }

    /// How full a category is, by count or by bytes, whichever is nearer to its bound; 1 is full.
    pub(crate) fn fullness(&self, category: Category) -> f32 {
        let (bounds, taken) = (category.bounds(), &self.taken[category as usize]);
        let count = taken.count.load(SeqCst) as f32 / bounds.count as f32;
        count.max(taken.bytes.load(SeqCst) as f32 / bounds.bytes as f32)
    }

    /// Is a queue half full? That of profile chunks does not count.
    pub(crate) fn is_crowded(&self) -> bool {
        Category::queued().any(|it| it != Category::ProfileChunk && self.fullness(it) >= CROWDED)
    }

    #[cfg(test)]
    pub(crate) fn count(&self, category: Category) -> usize {
        self.taken[category as usize].count.load(SeqCst)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count.load(SeqCst) == 0
    }

    /// Waits until nothing waits any more; false if that takes longer than allowed.
    pub(crate) fn wait_empty(&self, timeout: Duration) -> bool {
        let lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.settled.wait_timeout_while(lock, timeout, |()| !self.is_empty()));
        self.is_empty()
    }

    /// How many bytes wait.
    pub(crate) fn bytes(&self) -> usize {
        self.taken.iter().map(|taken| taken.bytes.load(SeqCst)).sum()
    }
}

impl Share {
    /// Changes the bytes that its envelope takes.
    pub(crate) fn resize(&mut self, bytes: usize) {
        let taken = &self.room.taken[self.category as usize].bytes;
        // Added first, so that the sum is too large for a moment rather than too small.
        taken.fetch_add(bytes, SeqCst);
        taken.fetch_sub(self.bytes, SeqCst);
        self.bytes = bytes;
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let taken = &self.room.taken[self.category as usize];
        taken.bytes.fetch_sub(self.bytes, SeqCst);
        taken.count.fetch_sub(1, SeqCst);
        if self.room.count.fetch_sub(1, SeqCst) == 1 {
            self.room.emptied.notify_one();
            // A thread that is about to wait has looked already, and holds the lock until it waits.
            drop(self.room.lock.lock());
            self.room.settled.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full(room: &Arc<Room>, category: Category, bytes: usize) -> Vec<Share> {
        std::iter::from_fn(|| room.take(category, bytes)).take(100_000).collect()
    }

    #[test]
    fn a_category_takes_as_many_as_its_bound_and_no_room_of_others() {
        let room = Arc::<Room>::default();
        let transactions = full(&room, Category::Transaction, 10);
        assert_eq!(transactions.len(), Category::Transaction.bounds().count);
        assert_eq!(room.fullness(Category::Transaction), 1.0);
        assert_eq!(room.fullness(Category::Error), 0.0);
        let error = room.take(Category::Error, 10).unwrap();
        drop(transactions);
        assert_eq!(room.fullness(Category::Transaction), 0.0, "what was refused takes nothing");
        assert!(!room.is_empty());
        drop(error);
        assert!(room.is_empty());
    }

    #[test]
    fn a_category_takes_as_many_bytes_as_its_bound_whatever_their_number() {
        let (room, bounds) = (Arc::<Room>::default(), Category::Session.bounds());
        let mut sessions = full(&room, Category::Session, bounds.bytes / 10);
        assert_eq!(sessions.len(), 10);
        sessions[0].resize(1);
        assert!(room.take(Category::Session, bounds.bytes / 10).is_some());
        sessions[1].resize(bounds.bytes);
        assert!(room.fullness(Category::Session) > 1.0, "encoded, one may be larger than it was");
        assert!(room.take(Category::Session, 1).is_none());
    }

    #[test]
    fn an_envelope_beyond_the_bound_gets_its_chance_alone() {
        let room = Arc::<Room>::default();
        assert!(room.take(Category::Transaction, MAX_ENVELOPE_BYTES + 1).is_none());
        let large = room.take(Category::Transaction, MAX_ENVELOPE_BYTES).unwrap();
        assert!(room.take(Category::Transaction, 1).is_none());
        drop(large);
        let _small = room.take(Category::Transaction, 1).unwrap();
        assert!(room.take(Category::Transaction, MAX_ENVELOPE_BYTES).is_none());
    }

    #[test]
    fn whoever_waits_sees_the_last_share_go() {
        let room = Arc::<Room>::default();
        let shares = full(&room, Category::Session, 1);
        assert!(!room.wait_empty(Duration::ZERO));
        let thread = std::thread::spawn(move || drop(shares));
        assert!(room.wait_empty(Duration::from_secs(60)));
        thread.join().unwrap();
    }
}
