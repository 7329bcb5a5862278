//! The end: what cannot be sent any more goes to disk or is counted as discarded, and one log line says how much.

use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::time::{sleep_until, timeout_at};

use super::Sender;
use crate::category::{Category, Quantity};
use crate::client_reports::{self, Reason};
use crate::envelope::EncodedEnvelope;
use crate::spool::Spool;

/// How long saving may take at least, for a transport that is dropped without a shutdown.
const TIME_TO_SAVE: Duration = Duration::from_millis(500);

/// How long one encoded error may take to be saved.
const TIME_TO_SAVE_ONE: Duration = Duration::from_millis(100);

/// What became of the last envelopes.
#[derive(Default)]
struct Tally {
    spooled: u64,
    dropped: u64,
}

impl Sender {
    /// Waits until no request may be under way any more.
    pub(super) async fn time_is_over(&self) {
        let steps = self.pipeline.shutdown.begun().await;
        self.sent.store(0, Relaxed);
        sleep_until(steps.wait_until.into()).await;
    }

    /// Saves what can be saved. The disk may be slow, and so may the encoder: what is left at the deadline is only
    /// counted.
    pub(super) async fn leave(
        &self,
        spool: &mut Option<Spool>,
        encoding: &watch::Sender<()>,
        copies: impl Future<Output = ()>,
    ) {
        let deadline = self.pipeline.shutdown.begun().await.deadline;
        let Tally { spooled, dropped } = self.save_all(spool, encoding, deadline).await;
        let reported = timeout_at(deadline.into(), self.send_last(spool.is_some(), copies)).await;
        if !reported.unwrap_or(false) {
            self.carry_report(spool);
        }
        let sent = self.sent.load(Relaxed);
        if dropped > 0 {
            tracing::warn!(sent, spooled, dropped, "the last envelopes for Sentry");
        } else if self.sentry.is_some() {
            tracing::info!(sent, spooled, dropped, "the last envelopes for Sentry");
        }
        // Who waits for the end may start the next client at once.
        spool.iter().for_each(Spool::release);
        self.pipeline.shutdown.end(dropped == 0);
    }

    async fn save_all(
        &self,
        spool: &mut Option<Spool>,
        encoding: &watch::Sender<()>,
        deadline: Instant,
    ) -> Tally {
        let (mut tally, now) = (Tally::default(), Instant::now());
        let until = deadline.max(now + TIME_TO_SAVE);
        let not_encoded = self.pipeline.not_encoded();
        // A slow encoder must leave time to save what waits behind it, and then what it worked on.
        let half = now + until.saturating_duration_since(now) / 2;
        let _ = timeout_at(half.into(), encoding.closed()).await;
        self.save_encoded(spool, until, &mut tally);
        for new in not_encoded {
            if spool.is_none() || !is_worth_it(new.share.category, until) {
                self.drop_as(Reason::NetworkError, &new.envelope.content, &mut tally);
            } else if let Some(encoded) = self.encoder.encoded(new) {
                self.save(spool, &encoded.envelope, until, &mut tally);
            } else {
                tally.dropped += 1;
            }
        }
        let last = until - TIME_TO_SAVE_ONE;
        let is_late = timeout_at(last.into(), encoding.closed()).await.is_err();
        self.save_encoded(spool, until, &mut tally);
        if is_late {
            self.drop_as(Reason::NetworkError, &[(Category::Error, 1)], &mut tally);
        }
        tally
    }

    fn save_encoded(&self, spool: &mut Option<Spool>, until: Instant, tally: &mut Tally) {
        for encoded in Category::queued().flat_map(|category| self.pipeline.outbox.remove(category)) {
            self.save(spool, &encoded.envelope, until, tally);
        }
    }

    fn save(&self, spool: &mut Option<Spool>, envelope: &EncodedEnvelope, until: Instant, tally: &mut Tally) {
        let is_kept = envelope.file.is_some() || is_worth_it(envelope.category, until);
        match spool.as_mut().filter(|_| is_kept).map(|spool| spool.keep(envelope)) {
            Some(true) => tally.spooled += 1,
            Some(false) => {
                self.drop_as(Reason::CacheOverflow, &envelope.content, tally);
                crate::spool::remove(envelope);
            }
            None => self.drop_as(Reason::NetworkError, &envelope.content, tally),
        }
    }

    fn drop_as(&self, reason: Reason, content: &[Quantity], tally: &mut Tally) {
        self.pipeline.client_reports.record(content, reason);
        tally.dropped += 1;
    }

    /// True unless there is still something to send.
    async fn send_last(&self, has_spool: bool, copies: impl Future<Output = ()>) -> bool {
        if let Some(spotlight) = &self.spotlight {
            spotlight.end();
            copies.await;
        }
        // Where there is a disk, the last client report for a server in trouble is safer there.
        (!has_spool || self.pipeline.outage_age().is_none()) && self.send_client_reports().await
    }

    /// Leaves the last client report to the next process. Where there is no disk for it, a log line says what is in it.
    fn carry_report(&self, spool: &mut Option<Spool>) {
        let Some(sums) = self.pipeline.client_reports.take() else { return };
        let report = EncodedEnvelope::report(&sums);
        if spool.as_mut().is_some_and(|spool| spool.carry(&report)) {
            return;
        }
        let total: u64 = sums.values().sum();
        tracing::warn!(total, discarded = %client_reports::lines(&sums), "Sentry does not know what was discarded");
    }
}

/// Errors, sessions and check-ins are saved, as long as there is time.
fn is_worth_it(category: Category, until: Instant) -> bool {
    category <= Category::Monitor && Instant::now() < until
}
