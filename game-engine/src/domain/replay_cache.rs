//! Recordings of rounds, kept for replays. Nothing ever evicts them: that is the leak.

use sentry_context::runtime_stats::memory_mb_now;
use sentry_context::sentry::Level;
use sentry_context::{facts, report};
use service::{Full, HeldMemory, Release};

use crate::error::{GameError, Result};

/// The category of its breadcrumbs.
const CATEGORY: &str = "replay_cache";

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

/// The recordings of one server.
pub struct ReplayCache(pub HeldMemory);

impl ReplayCache {
    /// An empty cache that may hold `limit_mb` MiB.
    pub fn new(limit_mb: u32) -> Self {
        Self(HeldMemory::new(limit_mb))
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
            ("limit_mb", self.0.limit_mb().into()),
        ]);
        report::message(Level::Warning, text, ("memory_leak", context));
        Ok(growth)
    }

    /// Keeps `mb` MiB of rounds more; what is held then, MiB.
    fn keep(&self, mb: u64) -> Result<u64> {
        let held = self.0.grow(mb, CATEGORY, "recording rounds");
        let full = |Full { limit_mb, held_mb, asked_mb }| {
            GameError::ReplayCacheFull { limit_mb, held_mb, asked_mb }.into()
        };
        held.map_err(full)
    }

    /// Forgets all recordings and gives their memory back to the system.
    pub fn clear(&self) -> Release {
        let release = self.0.release(CATEGORY, "dropping the recordings");
        let text = format!("Memory was released: {} MB of recordings dropped", release.released_mb);
        report::message(Level::Info, text, ("memory_leak", release.facts()));
        release
    }
}

fn hundredths(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}
