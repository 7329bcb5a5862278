//! Scenarios that block a worker on purpose: a few at a time, and none for callers that are gone.
//!
//! A blocked worker reads nothing, so whoever calls meanwhile queues up before it, and it would block for one after the
//! other. So it first looks around for a moment: those who wait are asked to come back, and a caller that has hung up
//! gets no work.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{HEAVY_AT_ONCE, Refusal};

/// How long a worker looks around.
const MOMENT: Duration = Duration::from_millis(50);

thread_local! {
    /// What comes right after a block was waiting meanwhile, on the same connection.
    static JUST_BLOCKED: Cell<bool> = const { Cell::new(false) };
}

/// How many workers of a server may be blocked at once: one is left, where there are several.
#[derive(Debug)]
pub struct WorkerBlocks {
    permits: Arc<Semaphore>,
    limit: usize,
}

impl WorkerBlocks {
    /// For a server with so many workers.
    pub fn new(workers: usize) -> Self {
        let limit = workers.saturating_sub(1).clamp(1, HEAVY_AT_ONCE);
        Self { permits: Arc::new(Semaphore::new(limit)), limit }
    }

    /// Lets this worker be blocked until what is returned is dropped. Dropped itself before that, nothing is blocked.
    pub async fn begin(&self) -> Result<WorkerBlock, Refusal> {
        let busy = || Refusal::Busy { limit: self.limit };
        if JUST_BLOCKED.get() {
            return Err(busy());
        }
        let permit = Arc::clone(&self.permits).try_acquire_owned().map_err(|_| busy())?;
        tokio::time::sleep(MOMENT).await;
        Ok(WorkerBlock { _permit: permit })
    }
}

/// A worker that is being blocked.
#[derive(Debug)]
pub struct WorkerBlock {
    _permit: OwnedSemaphorePermit,
}

impl Drop for WorkerBlock {
    fn drop(&mut self) {
        JUST_BLOCKED.set(true);
        // Runs when this connection's task is through with what it has read already, and before anything else is read.
        actix_web::rt::spawn(async { JUST_BLOCKED.set(false) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn one_worker_is_left_where_there_are_several_and_never_more_are_blocked_than_heavy_scenarios_run()
    {
        for (workers, limit) in [(1, 1), (2, 1), (3, 2), (5, 4), (64, 4)] {
            let blocks = WorkerBlocks::new(workers);
            let mut begun = Vec::new();
            while let Ok(block) = blocks.begin().await {
                begun.push(block);
            }
            assert_eq!(begun.len(), limit, "{workers} workers");
            drop(begun);
            while JUST_BLOCKED.get() {
                tokio::task::yield_now().await;
            }
            assert!(blocks.begin().await.is_ok());
            while JUST_BLOCKED.get() {
                tokio::task::yield_now().await;
            }
        }
    }
}
