//! Moves errors between the outbox and the disk.

use std::time::{Duration, Instant};

use super::Spool;
use crate::category::Category;
use crate::client_reports::Reason;
use crate::pipeline::Pipeline;
use crate::room::{CROWDED, Waiting};

/// How often the queue of errors and the spool are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// In a longer outage, all errors go to disk, where they are safe.
const LONG_OUTAGE: Duration = Duration::from_secs(10);

/// The queue of errors is filled from the disk up to here. A crowded one goes there in part.
const ROOMY: f32 = 0.25;

impl Spool {
    /// Never ends.
    pub(crate) async fn run(&mut self, pipeline: &Pipeline) {
        loop {
            match pipeline.outage_age() {
                None => self.send_spooled(pipeline),
                Some(age) if age >= LONG_OUTAGE => self.spool_errors(pipeline, 0.0).await,
                Some(_) => self.spool_errors(pipeline, CROWDED).await,
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Moves errors from the disk into the outbox, while there is room.
    fn send_spooled(&mut self, pipeline: &Pipeline) {
        let is_wanted = || {
            pipeline.limits.until(Category::Error, Instant::now()).is_none()
                && pipeline.room.fullness(Category::Error) < ROOMY
                && pipeline.shutdown.steps().is_none()
        };
        while is_wanted() {
            let Some(envelope) = self.next() else { return };
            let Some(share) = pipeline.room.take(envelope.category, envelope.weight()) else {
                // It is on disk already. Where its file has gone meanwhile, it is lost.
                if !self.keep(&envelope) {
                    pipeline.client_reports.record(&envelope.content, Reason::CacheOverflow);
                }
                return;
            };
            pipeline.queue(Waiting { envelope, share });
        }
    }

    /// Moves errors beyond a share of their queue to the disk. What the disk refuses stays in memory, and is tried again
    /// at the next look.
    async fn spool_errors(&mut self, pipeline: &Pipeline, share: f32) {
        // One at a time, so that a shutdown finds each of them in the outbox or on disk.
        while pipeline.room.fullness(Category::Error) > share {
            let Some(encoded) = pipeline.outbox.pop(Category::Error) else { return };
            if !self.keep(&encoded.envelope) {
                return pipeline.queue(encoded);
            }
            drop(encoded);
            tokio::task::yield_now().await;
        }
    }
}
