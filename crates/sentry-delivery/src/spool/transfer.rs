//! Moves errors between the outbox and the spool.

use std::time::{Duration, Instant};

use super::Spool;
use crate::category::Category;
use crate::client_reports::Reason;
use crate::pipeline::Pipeline;
use crate::room::{CROWDED, Waiting};

/// How often the queue of errors and the spool are checked.
const LOOK: Duration = Duration::from_secs(1);

/// After an outage of this length, all errors go to disk, where they survive the process.
const LONG_OUTAGE: Duration = Duration::from_secs(10);

/// Errors return from the disk until the queue is filled up to this share.
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

    /// Moves errors from the disk to the outbox while there is room.
    fn send_spooled(&mut self, pipeline: &Pipeline) {
        let is_wanted = || {
            pipeline.limits.until(Category::Error, Instant::now()).is_none()
                && pipeline.room.fullness(Category::Error) < ROOMY
                && pipeline.shutdown.steps().is_none()
        };
        while is_wanted() {
            let Some(envelope) = self.next() else { return };
            let Some(share) = pipeline.room.take(envelope.category, envelope.weight()) else {
                // It is still on disk. If its file is gone, the error is lost.
                if !self.keep(&envelope) {
                    pipeline.client_reports.record(&envelope.content, Reason::CacheOverflow);
                }
                return;
            };
            pipeline.queue(Waiting { envelope, share });
        }
    }

    /// Moves errors to the disk until their queue is filled up to this share only. An error that the disk refuses stays
    /// in memory until the next attempt.
    async fn spool_errors(&mut self, pipeline: &Pipeline, share: f32) {
        // One at a time: a shutdown must find each error in the outbox or on disk.
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
