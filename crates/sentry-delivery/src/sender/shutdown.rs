//! The end: what cannot be sent any more goes to disk or is counted as lost, and one line says how much.

use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use super::super::category::Category;
use super::super::client_reports::{self, Reason};
use super::super::envelope::QueuedEnvelope;
use super::super::queues::Closing;
use super::Sender;
use super::upkeep::encoded_report;

/// How long the saving may take at least, for a transport that is dropped without a shutdown.
const TIME_TO_SAVE: Duration = Duration::from_millis(500);

/// How long the saving of an error that is ready may take.
const TIME_TO_SAVE_ONE: Duration = Duration::from_millis(100);

/// What of the last envelopes became what.
#[derive(Default)]
struct Tally {
    spooled: u64,
    dropped: u64,
}

impl Sender {
    /// Waits until nothing more may be under way.
    pub(super) async fn time_is_over(&self) {
        let closing = self.queues.closing().await;
        self.sent_before.store(self.sent.load(Relaxed), Relaxed);
        tokio::time::sleep_until(closing.wait_until.into()).await;
    }

    /// Saves what can be saved. The disk may be slow, and so may be the encoder: what is left at the deadline is only
    /// counted.
    pub(super) async fn leave(&self, copies: impl Future<Output = ()>) {
        let Closing { deadline, .. } = self.queues.closing().await;
        let save_until = deadline.max(Instant::now() + TIME_TO_SAVE);
        let mut tally = Tally::default();
        // An encoder that is slow must leave time to save what waits behind it, and then itself what it worked on.
        let now = Instant::now();
        let (left, _) = self.queues.drain(now + save_until.saturating_duration_since(now) / 2);
        for queued in left {
            self.save(queued, save_until, &mut tally);
        }
        let (late, complete) = self.queues.drain(save_until - TIME_TO_SAVE_ONE);
        for queued in late {
            self.save(queued, save_until, &mut tally);
        }
        if !complete {
            tally.dropped += 1;
            self.client_reports.record(&[("error", 1)], Reason::NetworkError);
        }
        let reported = tokio::time::timeout_at(deadline.into(), self.send_last(copies)).await;
        if !reported.unwrap_or(false) {
            self.carry_report();
        }
        let Tally { spooled, dropped } = tally;
        let sent = self.sent.load(Relaxed).saturating_sub(self.sent_before.load(Relaxed));
        if dropped > 0 {
            tracing::warn!(sent, spooled, dropped, "the last envelopes for Sentry");
        } else if self.sentry.is_some() {
            tracing::info!(sent, spooled, dropped, "the last envelopes for Sentry");
        }
        // Whoever waits for the end may start the next client at once.
        if let Some(spool) = self.spool() {
            spool.release();
        }
        self.queues.finish(dropped == 0);
    }

    /// True unless there is still something to send.
    async fn send_last(&self, copies: impl Future<Output = ()>) -> bool {
        if let Some(spotlight) = &self.spotlight {
            spotlight.end();
            copies.await;
        }
        // Where there is a disk, what a server in trouble is to learn is safer there.
        (self.spool.is_none() || self.queues.outage_age().is_none()) && self.send_client_reports().await
    }

    fn save(&self, queued: QueuedEnvelope, until: Instant, tally: &mut Tally) {
        let is_worth_it = queued.category() <= Category::CheckIn && Instant::now() < until;
        let (content, is_on_disk) = (queued.content(), queued.is_on_disk());
        let Some(mut spool) = self.spool().filter(|_| is_worth_it || is_on_disk) else {
            tally.dropped += 1;
            return self.client_reports.record(&content, Reason::NetworkError);
        };
        match self.encoded(queued) {
            Some(encoded) if self.keep(&mut spool, &encoded) => tally.spooled += 1,
            Some(encoded) => {
                tally.dropped += 1;
                self.lose(&encoded, Reason::CacheOverflow);
            }
            None => tally.dropped += 1,
        }
    }

    /// What is still to be reported as discarded is reported by the next process, if the disk takes it; a log line says
    /// it otherwise.
    fn carry_report(&self) {
        let Some(sums) = self.client_reports.take() else { return };
        let report = encoded_report(&sums);
        if let Some(mut spool) = self.spool()
            && (spool.keep(&report).is_ok() || spool.carry(&report).is_ok())
        {
            return;
        }
        let total: u64 = sums.values().sum();
        tracing::warn!(total, discarded = %client_reports::list(&sums), "Sentry does not know what was discarded");
    }
}
