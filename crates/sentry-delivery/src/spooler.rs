//! Errors that wait on disk: in a long outage, at the end, and what earlier processes left there.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::category::Category;
use crate::client_reports::Reason;
use crate::envelope::EncodedEnvelope;
use crate::pipeline::Pipeline;
use crate::room::{CROWDED, Waiting};
use crate::spool::{self, Spool, TORN_CONTENT};

/// How often the queue of errors and the spool are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// An outage this long counts as long: errors go to disk, where they are safe.
const LONG_OUTAGE: Duration = Duration::from_secs(10);

/// Up to where the queue of errors is filled from the disk. A crowded one goes there in part.
const ROOMY: f32 = 0.25;

/// Moves errors between the outbox and the disk.
pub(crate) struct Spooler {
    spool: Spool,
    pipeline: Arc<Pipeline>,
    /// The disk has refused what was to be kept there.
    is_refused: bool,
}

impl Spooler {
    pub(crate) fn new(spool: Spool, pipeline: Arc<Pipeline>) -> Self {
        Self { spool, pipeline, is_refused: false }
    }

    /// Never ends.
    pub(crate) async fn run(&mut self) {
        self.absorb_carried();
        loop {
            match self.pipeline.outage_age() {
                None => self.send_spooled(),
                Some(age) if age >= LONG_OUTAGE => self.spool_errors(0.0).await,
                Some(_) => self.spool_errors(CROWDED).await,
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Moves errors from the disk into the outbox, while there is room.
    fn send_spooled(&mut self) {
        let is_wanted = |pipeline: &Pipeline| {
            pipeline.limits.until(Category::Error, Instant::now()).is_none()
                && pipeline.room.fullness(Category::Error) < ROOMY
                && pipeline.shutdown.steps().is_none()
        };
        while is_wanted(&self.pipeline) {
            match self.spool.next() {
                None => return,
                Some(Err(torn)) => {
                    tracing::error!(%torn, "a spool file is skipped");
                    self.pipeline.client_reports.record(&TORN_CONTENT, Reason::Internal);
                }
                Some(Ok(report)) if report.is_report() => self.absorb(&report),
                Some(Ok(envelope)) => match self.pipeline.room.take(envelope.category, envelope.weight()) {
                    Some(share) => self.pipeline.queue(Waiting { envelope, share }),
                    None => {
                        // It is on disk already; where it has gone from there meanwhile, it is lost.
                        if !self.keep(&envelope) {
                            self.pipeline.client_reports.record(&envelope.content, Reason::CacheOverflow);
                        }
                        return;
                    }
                },
            }
        }
    }

    /// Moves errors beyond a share of their queue to the disk. What the disk refuses stays in memory, and the next
    /// attempt comes with the next look.
    async fn spool_errors(&mut self, share: f32) {
        // One at a time: what is held when the end comes would be lost.
        while self.pipeline.room.fullness(Category::Error) > share {
            let Some(encoded) = self.pipeline.outbox.pop(Category::Error) else { return };
            if !self.keep(&encoded.envelope) {
                return self.pipeline.queue(encoded);
            }
            drop(encoded);
            tokio::task::yield_now().await;
        }
    }

    /// Keeps an envelope on disk; false where the disk refuses it. Says so once.
    pub(crate) fn keep(&mut self, encoded: &EncodedEnvelope) -> bool {
        match self.spool.keep(encoded) {
            Ok(forgotten) => {
                self.pipeline.client_reports.record(&forgotten, Reason::CacheOverflow);
                self.absorb_carried();
                if std::mem::take(&mut self.is_refused) {
                    tracing::info!("the spool takes errors again");
                }
                true
            }
            Err(error) => {
                if !std::mem::replace(&mut self.is_refused, true) {
                    tracing::error!(%error, "the spool takes no more: errors wait in memory");
                }
                false
            }
        }
    }

    /// Keeps a client report for the next process, if need be in room that is taken already.
    pub(crate) fn carry(&mut self, report: &EncodedEnvelope) -> bool {
        self.spool.keep(report).is_ok() || self.spool.carry(report).is_ok()
    }

    /// Gives the folder to the next process: nothing may be kept any more.
    pub(crate) fn release(&self) {
        self.spool.release();
    }

    fn absorb_carried(&mut self) {
        self.spool.take_carried().iter().for_each(|report| self.absorb(report));
    }

    /// Takes over the numbers of a client report from the disk. A report among envelopes could be refused, limited or
    /// dropped like these, and nobody would count what is in it.
    fn absorb(&self, report: &EncodedEnvelope) {
        match report.plain() {
            Ok(plain) => self.pipeline.client_reports.absorb_written(&plain),
            Err(error) => tracing::error!(%error, "a client report on disk cannot be read"),
        }
        spool::remove(report);
    }
}
