//! The end: what cannot be sent any more goes to disk or is counted as discarded, and one log line says how much.

use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::Sender;
use crate::category::Category;
use crate::client_reports::{self, Reason};
use crate::envelope::EncodedEnvelope;
use crate::room::Waiting;
use crate::spooler::Spooler;

/// How long the saving may take at least, for a transport that is dropped without a shutdown.
const TIME_TO_SAVE: Duration = Duration::from_millis(500);

/// How long the saving of one encoded error may take.
const TIME_TO_SAVE_ONE: Duration = Duration::from_millis(100);

/// What became of the last envelopes.
#[derive(Default)]
struct Tally {
    spooled: u64,
    dropped: u64,
}

impl Sender {
    /// Waits until nothing more may be under way.
    pub(super) async fn time_is_over(&self) {
        let steps = self.pipeline.shutdown.begun().await;
        self.sent_before.store(self.sent.load(Relaxed), Relaxed);
        tokio::time::sleep_until(steps.wait_until.into()).await;
    }

    /// Saves what can be saved. The disk may be slow, and so may be the encoder: what is left at the deadline is only
    /// counted.
    pub(super) async fn leave(
        &self,
        spooler: &mut Option<Spooler>,
        encoding: &watch::Sender<()>,
        copies: impl Future<Output = ()>,
    ) {
        let deadline = self.pipeline.shutdown.begun().await.deadline;
        let Tally { spooled, dropped } = self.save_all(spooler, encoding, deadline).await;
        let reported =
            tokio::time::timeout_at(deadline.into(), self.send_last(spooler.is_some(), copies)).await;
        if !reported.unwrap_or(false) {
            self.carry_report(spooler);
        }
        let sent = self.sent.load(Relaxed).saturating_sub(self.sent_before.load(Relaxed));
        if dropped > 0 {
            tracing::warn!(sent, spooled, dropped, "the last envelopes for Sentry");
        } else if self.sentry.is_some() {
            tracing::info!(sent, spooled, dropped, "the last envelopes for Sentry");
        }
        // Whoever waits for the end may start the next client at once.
        if let Some(spooler) = spooler {
            spooler.release();
        }
        self.pipeline.shutdown.end(dropped == 0);
    }

    async fn save_all(
        &self,
        spooler: &mut Option<Spooler>,
        encoding: &watch::Sender<()>,
        deadline: Instant,
    ) -> Tally {
        let (mut tally, now) = (Tally::default(), Instant::now());
        let until = deadline.max(now + TIME_TO_SAVE);
        let not_encoded = [self.pipeline.errors.drain(), self.pipeline.others.drain()];
        // An encoder that is slow must leave time to save what waits behind it, and then itself what it worked on.
        let half = now + until.saturating_duration_since(now) / 2;
        let _ = tokio::time::timeout_at(half.into(), encoding.closed()).await;
        self.save_encoded(spooler, until, &mut tally);
        for new in not_encoded.into_iter().flatten() {
            if !is_worth_it(new.share.category, until) || spooler.is_none() {
                tally.dropped += 1;
                self.pipeline.client_reports.record(&new.envelope.content(), Reason::NetworkError);
            } else if let Some(encoded) = self.encoder.encoded(new) {
                self.save(spooler, &encoded, until, &mut tally);
            } else {
                tally.dropped += 1;
            }
        }
        let last = until - TIME_TO_SAVE_ONE;
        let is_late = tokio::time::timeout_at(last.into(), encoding.closed()).await.is_err();
        self.save_encoded(spooler, until, &mut tally);
        if is_late {
            tally.dropped += 1;
            self.pipeline.client_reports.record(&[(Category::Error, 1)], Reason::NetworkError);
        }
        tally
    }

    fn save_encoded(&self, spooler: &mut Option<Spooler>, until: Instant, tally: &mut Tally) {
        for encoded in Category::queued().flat_map(|category| self.pipeline.outbox.remove(category)) {
            self.save(spooler, &encoded, until, tally);
        }
    }

    fn save(
        &self,
        spooler: &mut Option<Spooler>,
        encoded: &Waiting<EncodedEnvelope>,
        until: Instant,
        tally: &mut Tally,
    ) {
        let envelope = &encoded.envelope;
        let is_kept = envelope.file.is_some() || is_worth_it(envelope.category, until);
        match spooler.as_mut().filter(|_| is_kept).map(|spooler| spooler.keep(envelope)) {
            Some(true) => tally.spooled += 1,
            Some(false) => {
                tally.dropped += 1;
                self.pipeline.discard(envelope, Reason::CacheOverflow);
            }
            None => {
                tally.dropped += 1;
                self.pipeline.client_reports.record(&envelope.content, Reason::NetworkError);
            }
        }
    }

    /// True unless there is still something to send.
    async fn send_last(&self, has_spool: bool, copies: impl Future<Output = ()>) -> bool {
        if let Some(spotlight) = &self.spotlight {
            spotlight.end();
            copies.await;
        }
        // Where there is a disk, what a server in trouble is to learn is safer there.
        (!has_spool || self.pipeline.outage_age().is_none()) && self.send_client_reports().await
    }

    /// What is still to be reported as discarded is reported by the next process, if the disk takes it; a log line says
    /// it otherwise.
    fn carry_report(&self, spooler: &mut Option<Spooler>) {
        let Some(sums) = self.pipeline.client_reports.take() else { return };
        let report = EncodedEnvelope::report(&sums);
        if spooler.as_mut().is_some_and(|spooler| spooler.carry(&report)) {
            return;
        }
        let total: u64 = sums.values().sum();
        tracing::warn!(total, discarded = %client_reports::list(&sums), "Sentry does not know what was discarded");
    }
}

/// Errors, sessions and check-ins are saved, as long as there is time.
fn is_worth_it(category: Category, until: Instant) -> bool {
    category <= Category::Monitor && Instant::now() < until
}
