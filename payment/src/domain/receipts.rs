//! Receipts, kept in case a customer asks for one again. Nothing ever evicts them: that is the leak.

use sentry_context::runtime_stats::memory_mb_now;
use sentry_context::sentry::Level;
use sentry_context::{facts, report};
use service::{Full, HeldMemory, Release};

use crate::error::{PaymentError, Result};

/// The category of its breadcrumbs.
const CATEGORY: &str = "receipts";

/// What the archive holds.
#[derive(Debug, Clone, Copy)]
pub struct Held {
    /// Receipts: a piece of memory is one, as a PDF.
    pub receipts: u64,
    /// Their size, MiB.
    pub mb: u64,
    /// Resident memory of the process, MiB.
    pub current_mb: f64,
}

/// The receipts of one server.
pub struct ReceiptArchive(pub HeldMemory);

impl ReceiptArchive {
    /// An empty archive that may hold `limit_mb` MiB.
    pub fn new(limit_mb: u32) -> Self {
        Self(HeldMemory::new(limit_mb))
    }

    /// Archives `mb` MiB of receipts, and warns of it.
    pub fn archive(&self, mb: u64) -> Result<Held> {
        let held_mb = self.keep(mb)?;
        let receipts = held_mb * HeldMemory::PIECES_PER_MB;
        let held = Held { receipts, mb: held_mb, current_mb: memory_mb_now() };
        let text = format!(
            "Memory grew by {mb} MB: the receipt archive holds {receipts} receipts ({held_mb} MB) and evicts nothing"
        );
        let context = facts([
            ("archived_mb", mb.into()),
            ("leaked_items", receipts.into()),
            ("estimated_total_leak_mb", held.mb.into()),
            ("heap_used_mb", held.current_mb.into()),
            ("limit_mb", self.0.limit_mb().into()),
        ]);
        report::message(Level::Warning, text, ("memory_leak", context));
        Ok(held)
    }

    /// Keeps `mb` MiB of receipts more; what is held then, MiB.
    fn keep(&self, mb: u64) -> Result<u64> {
        let held = self.0.grow(mb, CATEGORY, "archiving receipts");
        held.map_err(|Full { limit_mb, held_mb, asked_mb }| {
            PaymentError::ArchiveFull { limit_mb, held_mb, asked_mb }.into()
        })
    }

    /// Forgets all receipts and gives their memory back to the system.
    pub fn clear(&self) -> Release {
        let release = self.0.release(CATEGORY, "dropping the receipts");
        let text = format!("Memory was released: {} MB of receipts dropped", release.released_mb);
        report::message(Level::Info, text, ("memory_leak", release.facts()));
        release
    }
}
