//! Receipts, kept for whoever may ask for them again. Nothing ever evicts them: that is the leak.

use std::sync::{Mutex, MutexGuard, PoisonError};

use sentry_context::runtime_stats::{give_memory_back, memory_mb_now};
use sentry_context::sentry::Level;
use sentry_context::{breadcrumbs, facts, report};

use crate::error::{PaymentError, Result};

/// One receipt as a PDF, bytes.
const RECEIPT: usize = 64 * 1024;
const RECEIPTS_PER_MB: usize = 1024 * 1024 / RECEIPT;

/// What the archive holds.
#[derive(Debug, Clone, Copy)]
pub struct Held {
    /// Receipts.
    pub receipts: usize,
    /// Their size, MiB.
    pub mb: u64,
    /// Resident memory of the process, MiB.
    pub current_mb: f64,
}

/// What a reset gave back.
#[derive(Debug, Clone, Copy)]
pub struct Release {
    /// What the archive held, MiB.
    pub released_mb: u64,
    /// Resident memory of the process, MiB.
    pub current_mb: f64,
}

/// The receipts of one server.
pub struct ReceiptArchive {
    receipts: Mutex<Vec<Box<[u8]>>>,
    limit_mb: u32,
}

impl ReceiptArchive {
    /// An empty archive that may hold `limit_mb` MiB.
    pub fn new(limit_mb: u32) -> Self {
        Self { receipts: Mutex::default(), limit_mb }
    }

    /// Archives `mb` MiB of receipts, and warns of it.
    pub fn archive(&self, mb: u64) -> Result<Held> {
        let receipts = self.keep(mb)?;
        let held = Held { receipts, mb: size_mb(receipts), current_mb: memory_mb_now() };
        let text = format!(
            "Memory grew by {mb} MB: the receipt archive holds {receipts} receipts ({} MB) and evicts nothing",
            held.mb
        );
        let context = facts([
            ("archived_mb", mb.into()),
            ("leaked_items", receipts.into()),
            ("estimated_total_leak_mb", held.mb.into()),
            ("heap_used_mb", held.current_mb.into()),
            ("limit_mb", self.limit_mb.into()),
        ]);
        report::message(Level::Warning, text, ("memory_leak", context));
        Ok(held)
    }

    /// Keeps `mb` MiB of receipts more; how many are held then.
    fn keep(&self, mb: u64) -> Result<usize> {
        let mut receipts = self.lock();
        let held_mb = size_mb(receipts.len());
        let data =
            facts([("mb", mb.into()), ("held_mb", held_mb.into()), ("limit_mb", self.limit_mb.into())]);
        breadcrumbs::step("receipts", format!("archiving {mb} MB of receipts"), data);
        if held_mb + mb > self.limit_mb.into() {
            let full = PaymentError::ArchiveFull { limit_mb: self.limit_mb, held_mb, asked_mb: mb };
            return Err(full.into());
        }
        // Filled with a value other than zero: untouched pages would not be resident.
        receipts.extend((0..mb as usize * RECEIPTS_PER_MB).map(|_| vec![0xA5; RECEIPT].into_boxed_slice()));
        Ok(receipts.len())
    }

    /// Forgets all receipts and gives their memory back to the system.
    pub fn clear(&self) -> Release {
        let receipts = std::mem::take(&mut *self.lock());
        let released_mb = size_mb(receipts.len());
        drop(receipts);
        give_memory_back();
        let message = format!("{released_mb} MB of receipts dropped");
        breadcrumbs::step("receipts", message, facts([("released_mb", released_mb.into())]));
        let current_mb = memory_mb_now();
        let text = format!("Memory was released: {released_mb} MB of receipts dropped");
        let context = facts([("released_mb", released_mb.into()), ("current_memory_mb", current_mb.into())]);
        report::message(Level::Info, text, ("memory_leak", context));
        Release { released_mb, current_mb }
    }

    /// What is held, MiB.
    pub fn held_mb(&self) -> u64 {
        size_mb(self.lock().len())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Box<[u8]>>> {
        self.receipts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn size_mb(receipts: usize) -> u64 {
    (receipts / RECEIPTS_PER_MB) as u64
}
