//! Recordings of rounds, kept for replays. Nothing ever evicts them: that is the leak.

use std::sync::{Mutex, PoisonError};

use sentry_context::runtime_stats::{give_memory_back, memory_mb_now};
use sentry_context::sentry::Level;
use sentry_context::{breadcrumbs, facts, report};

use crate::error::{GameError, Result};

/// One recording, bytes: large enough to be seen, small enough to look like real data.
const ROUND: usize = 64 * 1024;
const ROUNDS_PER_MB: u64 = (1024 * 1024 / ROUND) as u64;

/// How much a call added.
#[derive(Debug, Clone, Copy)]
pub struct Growth {
    /// Resident memory that the process gained, MiB.
    pub increase_mb: f64,
    /// What the cache holds now, MiB.
    pub total_mb: u64,
    /// Resident memory of the process, MiB.
    pub current_mb: f64,
}

/// What a reset gave back.
#[derive(Debug, Clone, Copy)]
pub struct Release {
    /// What the cache held, MiB.
    pub released_mb: u64,
    /// Resident memory of the process, MiB.
    pub current_mb: f64,
}

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

    /// Records `mb` MiB of rounds, and warns of it.
    pub fn record(&self, mb: u64) -> Result<Growth> {
        let before = memory_mb_now();
        let total_mb = self.keep(mb)?;
        let current_mb = memory_mb_now();
        let growth = Growth { increase_mb: hundredths(current_mb - before), total_mb, current_mb };
        let text = format!(
            "Memory grew by {} MB: the replay cache holds {total_mb} MB and evicts nothing",
            growth.increase_mb
        );
        let context = facts([
            ("memory_increase_mb", growth.increase_mb.into()),
            ("total_leaked_mb", total_mb.into()),
            ("current_memory_mb", current_mb.into()),
            ("limit_mb", self.limit_mb.into()),
        ]);
        report::message(Level::Warning, text, ("memory_leak", context));
        Ok(growth)
    }

    /// Keeps `mb` MiB of rounds more; what is held then, MiB.
    fn keep(&self, mb: u64) -> Result<u64> {
        let mut rounds = self.rounds.lock().unwrap_or_else(PoisonError::into_inner);
        let held_mb = rounds.len() as u64 / ROUNDS_PER_MB;
        let data =
            facts([("mb", mb.into()), ("held_mb", held_mb.into()), ("limit_mb", self.limit_mb.into())]);
        breadcrumbs::step("replay_cache", format!("recording {mb} MB of rounds"), data);
        if held_mb + mb > self.limit_mb.into() {
            let full = GameError::ReplayCacheFull { limit_mb: self.limit_mb, held_mb, asked_mb: mb };
            return Err(full.into());
        }
        // Filled with a value other than zero: untouched pages would not be resident.
        rounds.extend((0..mb * ROUNDS_PER_MB).map(|_| vec![0xA5; ROUND].into_boxed_slice()));
        Ok(held_mb + mb)
    }

    /// Forgets all recordings and gives their memory back to the system.
    pub fn clear(&self) -> Release {
        let rounds = std::mem::take(&mut *self.rounds.lock().unwrap_or_else(PoisonError::into_inner));
        let released_mb = rounds.len() as u64 / ROUNDS_PER_MB;
        drop(rounds);
        give_memory_back();
        let message = format!("{released_mb} MB of recordings dropped");
        breadcrumbs::step("replay_cache", message, facts([("released_mb", released_mb.into())]));
        let current_mb = memory_mb_now();
        let text = format!("Memory was released: {released_mb} MB of recordings dropped");
        let context = facts([("released_mb", released_mb.into()), ("current_memory_mb", current_mb.into())]);
        report::message(Level::Info, text, ("memory_leak", context));
        Release { released_mb, current_mb }
    }

    /// What is held, MiB.
    pub fn held_mb(&self) -> u64 {
        self.rounds.lock().unwrap_or_else(PoisonError::into_inner).len() as u64 / ROUNDS_PER_MB
    }
}

fn hundredths(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}
