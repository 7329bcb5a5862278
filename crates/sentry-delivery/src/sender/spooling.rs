//! Errors that wait on disk: in a long outage, at the end, and what earlier processes left there.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use super::super::category::Category;
use super::super::client_reports::Reason;
use super::super::envelope::{EncodedEnvelope, QueuedEnvelope};
use super::super::queues::Disposition;
use super::super::spool::{self, Spool, TORN_CONTENT};
use super::Sender;
use super::upkeep::REPORT;

/// An outage this long counts as long: errors go to disk, where they are safe.
const LONG_OUTAGE: Duration = Duration::from_secs(10);

/// How full the errors' queue is where some of them go to disk, and up to where it is filled from there.
const CROWDED: f32 = 0.5;
const ROOMY: f32 = 0.25;

impl Sender {
    /// Moves errors to the disk and back, for ever.
    pub(super) async fn spool_loop(&self) {
        if self.spool.is_none() {
            return;
        }
        if let Some(mut spool) = self.spool() {
            self.absorb(&spool.take_carried());
        }
        loop {
            match self.queues.outage_age() {
                None => self.send_spooled(),
                Some(age) if age >= LONG_OUTAGE => self.spool_errors(0.0).await,
                Some(_) => self.spool_errors(CROWDED).await,
            }
            tokio::time::sleep(REPORT).await;
        }
    }

    /// Takes over the numbers of client reports from the disk. A report among envelopes could be refused, limited or
    /// dropped like these, and nobody would count what is in it.
    fn absorb(&self, reports: &[EncodedEnvelope]) {
        for report in reports {
            match report.plain() {
                Ok(plain) => self.client_reports.absorb_written(&plain),
                Err(error) => tracing::error!(%error, "a client report on disk cannot be read"),
            }
            spool::remove(report);
        }
    }

    /// Moves errors from the disk into their queue, while there is room.
    fn send_spooled(&self) {
        let Some(mut spool) = self.spool() else { return };
        while self.queues.limit_left("error").is_none() && self.queues.health(Category::Error).0 < ROOMY {
            match spool.next() {
                None => return,
                Some(Err(torn)) => {
                    tracing::error!(%torn, "a spool file is skipped");
                    self.client_reports.record(&TORN_CONTENT, Reason::Internal);
                }
                Some(Ok(report)) if report.is_report() => self.absorb(&[report]),
                Some(Ok(encoded)) => {
                    if let Err((queued, _)) = self.queues.push(QueuedEnvelope::Encoded(encoded))
                        && let QueuedEnvelope::Encoded(encoded) = *queued
                    {
                        // It is on disk already; where it has gone from there meanwhile, it is lost.
                        if !self.keep(&mut spool, &encoded) {
                            self.client_reports.record(&encoded.content, Reason::CacheOverflow);
                        }
                        return;
                    }
                }
            }
        }
    }

    /// Moves errors beyond a share of their queue to the disk. What the disk refuses stays in memory, and the next
    /// attempt comes with the next look.
    async fn spool_errors(&self, share: f32) {
        // One at a time: what is held when the end comes would be lost.
        while let Some(queued) = self.queues.take_excess_error(share) {
            let disposition = self.moved_to_disk(queued);
            let is_refused = matches!(disposition, Disposition::Back(_));
            self.settle(disposition);
            if is_refused {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    fn moved_to_disk(&self, queued: QueuedEnvelope) -> Disposition {
        let Some(encoded) = self.encoded(queued) else { return Disposition::Settled };
        let is_kept = self.spool().is_some_and(|mut spool| self.keep(&mut spool, &encoded));
        if is_kept { Disposition::Settled } else { Disposition::Back(encoded) }
    }

    pub(super) fn spool(&self) -> Option<MutexGuard<'_, Spool>> {
        Some(self.spool.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Keeps an envelope on disk; false where the disk refuses it. Says so once.
    pub(super) fn keep(&self, spool: &mut Spool, encoded: &EncodedEnvelope) -> bool {
        match spool.keep(encoded) {
            Ok(forgotten) => {
                self.client_reports.record(&forgotten, Reason::CacheOverflow);
                self.absorb(&spool.take_carried());
                if self.disk_refuses.swap(false, Relaxed) {
                    tracing::info!("the spool takes errors again");
                }
                true
            }
            Err(error) => {
                if !self.disk_refuses.swap(true, Relaxed) {
                    tracing::error!(%error, "the spool takes no more: errors wait in memory");
                }
                false
            }
        }
    }
}
