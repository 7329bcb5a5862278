//! Recordings of rounds, kept for replays. Nothing ever evicts them: that is the leak.

use std::sync::{Mutex, PoisonError};

use sentry_context::runtime_stats::give_memory_back;
use sentry_context::{breadcrumbs, facts};

use crate::error::{GameError, Result};

/// One recording, bytes: large enough to be seen, small enough to look like real data.
const ROUND: usize = 64 * 1024;
const ROUNDS_PER_MB: u64 = (1024 * 1024 / ROUND) as u64;

/// The recordings of one server.
pub struct ReplayCache {
    rounds: Mutex<Vec<Box<[u8]>>>,
    limit_mb: u32,
}

impl ReplayCache {
    /// An empty cache that may hold `limit_mb` MiB.
    pub fn new(limit_mb: u32) -> Self {
        Self { rounds: Mutex::default(), limit_mb }
    }

    /// Records `mb` MiB of rounds; what is held then, MiB.
    pub fn record(&self, mb: u64) -> Result<u64> {
        let mut rounds = self.rounds.lock().unwrap_or_else(PoisonError::into_inner);
        let held_mb = rounds.len() as u64 / ROUNDS_PER_MB;
        let data = facts([("mb", mb.into()), ("held_mb", held_mb.into()), ("limit_mb", self.limit_mb.into())]);
        breadcrumbs::step("replay_cache", "recording rounds", data);
        if held_mb + mb > self.limit_mb.into() {
            let full = GameError::ReplayCacheFull { limit_mb: self.limit_mb, held_mb, asked_mb: mb };
            return Err(full.into());
        }
        // Filled with a value other than zero: untouched pages would not be resident.
        rounds.extend((0..mb * ROUNDS_PER_MB).map(|_| vec![0xA5; ROUND].into_boxed_slice()));
        Ok(held_mb + mb)
    }

    /// Forgets all recordings and gives their memory back; how much it was, MiB.
    pub fn clear(&self) -> u64 {
        let rounds = std::mem::take(&mut *self.rounds.lock().unwrap_or_else(PoisonError::into_inner));
        let released = rounds.len() as u64 / ROUNDS_PER_MB;
        drop(rounds);
        give_memory_back();
        breadcrumbs::step("replay_cache", "recordings dropped", facts([("released_mb", released.into())]));
        released
    }

    /// What is held, MiB.
    pub fn held_mb(&self) -> u64 {
        self.rounds.lock().unwrap_or_else(PoisonError::into_inner).len() as u64 / ROUNDS_PER_MB
    }
}
