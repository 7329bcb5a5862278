//! Memory that a leak holds.

use std::sync::{Mutex, MutexGuard, PoisonError};

use sentry_context::platform::give_memory_back;
use sentry_context::runtime_stats::memory_mb_now;
use sentry_context::step::Step;
use sentry_context::{Facts, facts};
use serde_json::{Value, json};

/// Memory in pieces that nothing evicts, up to a limit.
pub struct HeldMemory {
    pieces: Mutex<Vec<Box<[u8]>>>,
    limit_mb: u32,
}

/// The limit does not allow more memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full {
    /// The limit, MiB.
    pub limit_mb: u32,
    /// What is held, MiB.
    pub held_mb: u64,
    /// What was asked for, MiB.
    pub asked_mb: u64,
}

/// What a reset gave back.
#[derive(Debug, Clone, Copy)]
pub struct Release {
    /// What was held, MiB.
    pub released_mb: u64,
    /// Resident memory of the process, MiB.
    pub current_mb: f64,
}

impl HeldMemory {
    /// The size of a piece, bytes.
    pub const PIECE: usize = 64 * 1024;

    /// How many pieces make a MiB.
    pub const PIECES_PER_MB: u64 = (1024 * 1024 / Self::PIECE) as u64;

    /// Holds nothing yet, and at most `limit_mb` MiB.
    pub fn new(limit_mb: u32) -> Self {
        Self { pieces: Mutex::default(), limit_mb }
    }

    /// The limit, MiB.
    pub fn limit_mb(&self) -> u32 {
        self.limit_mb
    }

    /// What is held, MiB.
    pub fn held_mb(&self) -> u64 {
        self.pieces().len() as u64 / Self::PIECES_PER_MB
    }

    /// Holds `mb` MiB more; returns what is held then, MiB. The breadcrumb says what is being kept.
    pub fn grow(&self, mb: u64, category: &str, keeping: &str) -> Result<u64, Full> {
        let mut pieces = self.pieces();
        let held_mb = pieces.len() as u64 / Self::PIECES_PER_MB;
        let data =
            facts([("mb", mb.into()), ("held_mb", held_mb.into()), ("limit_mb", self.limit_mb.into())]);
        let _step = Step::begin(category, keeping, data);
        if held_mb + mb > self.limit_mb.into() {
            return Err(Full { limit_mb: self.limit_mb, held_mb, asked_mb: mb });
        }
        let _pieces = Step::silent("function", "fill the pieces");
        // Filled with a value other than zero: untouched pages would not be resident.
        pieces.extend((0..mb * Self::PIECES_PER_MB).map(|_| vec![0xA5; Self::PIECE].into_boxed_slice()));
        Ok(held_mb + mb)
    }

    /// Gives everything back to the system. The breadcrumb says what is being dropped. The caller reports it, so that the
    /// event's stack ends in code of the service.
    pub fn release(&self, category: &str, dropping: &str) -> Release {
        let pieces = std::mem::take(&mut *self.pieces());
        let released_mb = pieces.len() as u64 / Self::PIECES_PER_MB;
        let _step = Step::begin(category, dropping, facts([("released_mb", released_mb.into())]));
        drop(pieces);
        let system = Step::silent("function", "give the memory back to the system");
        give_memory_back();
        drop(system);
        Release { released_mb, current_mb: memory_mb_now() }
    }

    /// What the catalogue says while something is held.
    pub fn active(&self) -> Option<Value> {
        let held = self.held_mb();
        (held > 0).then(|| json!({ "total_leaked_mb": held }))
    }

    fn pieces(&self) -> MutexGuard<'_, Vec<Box<[u8]>>> {
        self.pieces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Release {
    /// The facts of it, for the report's context.
    pub fn facts(self) -> Facts {
        facts([("released_mb", self.released_mb.into()), ("current_memory_mb", self.current_mb.into())])
    }

    /// The answer to the call that gave it back.
    pub fn answer(self) -> Value {
        let Self { released_mb, current_mb } = self;
        json!({ "status": "released", "released_mb": released_mb, "current_memory_mb": current_mb })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_beyond_the_limit_is_refused_and_nothing_more_is_held() {
        let memory = HeldMemory::new(2);
        assert_eq!(memory.grow(2, "cache", "keeping 2 MB"), Ok(2));
        let full = Full { limit_mb: 2, held_mb: 2, asked_mb: 1 };
        assert_eq!(memory.grow(1, "cache", "keeping 1 MB"), Err(full));
        assert_eq!((memory.held_mb(), memory.active()), (2, Some(json!({ "total_leaked_mb": 2 }))));
    }

    #[test]
    fn a_release_gives_everything_back() {
        let memory = HeldMemory::new(2);
        memory.grow(1, "cache", "keeping 1 MB").unwrap();
        assert_eq!(memory.release("cache", "dropping the pages").released_mb, 1);
        assert_eq!((memory.held_mb(), memory.active()), (0, None));
    }
}
