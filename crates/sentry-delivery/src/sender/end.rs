//! The end: what can no longer be sent goes to disk or is counted as discarded, and one log line says how much.

use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::time::{sleep_until, timeout_at};

use super::{Sender, ended};
use crate::category::{Category, Quantity};
use crate::client_reports::{self, Reason};
use crate::envelope::EncodedEnvelope;
use crate::spool::{self, Spool};

/// How long saving may take at least, for a transport that is dropped without a shutdown.
const TIME_TO_SAVE: Duration = Duration::from_millis(500);

/// How long one encoded error may take to be saved.
const TIME_TO_SAVE_ONE: Duration = Duration::from_millis(100);

/// The last envelopes, and what became of them.
struct Last<'a> {
    sender: &'a Sender,
    spool: Option<Spool>,
    /// Until when they may be saved.
    until: Instant,
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
    pub(super) async fn leave(&self, spool: Option<Spool>, encoding: watch::Receiver<()>) {
        let deadline = self.pipeline.shutdown.begun().await.deadline;
        let until = deadline.max(Instant::now() + TIME_TO_SAVE);
        let mut last = Last { sender: self, spool, until, spooled: 0, dropped: 0 };
        last.save_all(encoding).await;
        let Last { spool, spooled, dropped, .. } = last;
        let reported = timeout_at(deadline.into(), self.send_last(spool.is_some())).await;
        if !reported.unwrap_or(false) {
            self.carry_report(spool.as_ref());
        }
        let sent = self.sent.load(Relaxed);
        if dropped > 0 {
            tracing::warn!(sent, spooled, dropped, "the last envelopes for Sentry");
        } else if self.sentry.is_some() {
            tracing::info!(sent, spooled, dropped, "the last envelopes for Sentry");
        }
        // Who waits for the end may start the next client at once.
        drop(spool);
        self.pipeline.shutdown.end(dropped == 0);
    }

    /// True unless there is still something to send.
    async fn send_last(&self, has_spool: bool) -> bool {
        if let Some(spotlight) = &self.encoder.copies {
            spotlight.end().await;
        }
        // Where there is a disk, the last client report for a server in trouble is safer there.
        (!has_spool || self.pipeline.outage_age().is_none()) && self.send_client_reports().await
    }

    /// Leaves the last client report to the next process. Where there is no disk for it, a log line says what is in it.
    fn carry_report(&self, spool: Option<&Spool>) {
        let Some(sums) = self.pipeline.client_reports.take() else { return };
        let report = EncodedEnvelope::report(&sums);
        if spool.is_some_and(|spool| spool.carry(&report)) {
            return;
        }
        let total: u64 = sums.values().sum();
        tracing::warn!(total, discarded = %client_reports::lines(&sums), "Sentry does not know what was discarded");
    }
}

impl Last<'_> {
    async fn save_all(&mut self, encoding: watch::Receiver<()>) {
        let (now, not_encoded) = (Instant::now(), self.sender.pipeline.not_encoded());
        // A slow encoder must leave time to save what waits behind it, and then what it worked on.
        let half = now + self.until.saturating_duration_since(now) / 2;
        let _ = timeout_at(half.into(), ended(encoding.clone())).await;
        self.save_encoded();
        for new in not_encoded {
            if self.spool.is_none() || !self.is_worth_it(new.share.category) {
                self.drop_as(Reason::NetworkError, &new.envelope.content);
            } else if let Some(encoded) = self.sender.encoder.encoded(new) {
                self.save(&encoded.envelope);
            } else {
                self.dropped += 1;
            }
        }
        let last = self.until - TIME_TO_SAVE_ONE;
        let is_late = timeout_at(last.into(), ended(encoding)).await.is_err();
        self.save_encoded();
        if is_late {
            self.drop_as(Reason::NetworkError, &[(Category::Error, 1)]);
        }
    }

    fn save_encoded(&mut self) {
        for encoded in Category::queued().flat_map(|category| self.sender.pipeline.outbox.remove(category)) {
            self.save(&encoded.envelope);
        }
    }

    fn save(&mut self, envelope: &EncodedEnvelope) {
        let is_kept = envelope.file.is_some() || self.is_worth_it(envelope.category);
        match self.spool.as_mut().filter(|_| is_kept).map(|spool| spool.keep(envelope)) {
            Some(true) => self.spooled += 1,
            Some(false) => {
                self.drop_as(Reason::CacheOverflow, &envelope.content);
                spool::remove(envelope);
            }
            None => self.drop_as(Reason::NetworkError, &envelope.content),
        }
    }

    fn drop_as(&mut self, reason: Reason, content: &[Quantity]) {
        self.sender.pipeline.client_reports.record(content, reason);
        self.dropped += 1;
    }

    /// Errors, sessions and check-ins are saved, as long as there is time.
    fn is_worth_it(&self, category: Category) -> bool {
        category <= Category::Monitor && Instant::now() < self.until
    }
}
