//! The end: what cannot be sent any more goes to disk or is counted as lost, and one line says how much.

use std::sync::atomic::Ordering::Relaxed;

use super::super::category::Category;
use super::super::letter::Parcel;
use super::super::losses::Reason;
use super::Sender;
use super::upkeep::report_letter;

/// What of the last envelopes became what.
#[derive(Default)]
struct Tally {
    spooled: u64,
    dropped: u64,
}

impl Sender {
    /// Waits until nothing more may be under way.
    pub(super) async fn time_is_over(&self) {
        let closing = self.lanes.closing().await;
        self.sent_before.store(self.sent.load(Relaxed), Relaxed);
        tokio::time::sleep_until(closing.wait_until.into()).await;
    }

    /// Saves what can be saved.
    pub(super) async fn leave(&self, copies: impl Future<Output = ()>) {
        let mut tally = Tally::default();
        for parcel in self.lanes.drain() {
            self.save(parcel, &mut tally);
        }
        let deadline = self.lanes.closing().await.deadline;
        let told = tokio::time::timeout_at(deadline.into(), self.last_words(copies)).await;
        if !told.unwrap_or(false) {
            self.save_report();
        }
        let Tally { spooled, dropped } = tally;
        let sent = self.sent.load(Relaxed).saturating_sub(self.sent_before.load(Relaxed));
        if dropped > 0 {
            tracing::warn!(sent, spooled, dropped, "the last envelopes for Sentry");
        } else if self.sentry.is_some() {
            tracing::info!(sent, spooled, dropped, "the last envelopes for Sentry");
        }
        self.lanes.finish(dropped == 0);
    }

    /// True unless there is still something to tell.
    async fn last_words(&self, copies: impl Future<Output = ()>) -> bool {
        if let Some(spotlight) = &self.spotlight {
            spotlight.end();
            copies.await;
        }
        self.lanes.outage().is_none() && self.tell_losses().await
    }

    fn save(&self, parcel: Parcel, tally: &mut Tally) {
        let worth_it = parcel.category() <= Category::CheckIn;
        let Some(mut spool) = self.spool().filter(|_| worth_it) else {
            tally.dropped += 1;
            if let Parcel::Letter(letter) = &parcel {
                super::spool::remove(letter);
            }
            return self.losses.record(&parcel.content(), Reason::NetworkError);
        };
        match self.letter(parcel) {
            Some(letter) if self.keep(&mut spool, &letter) => tally.spooled += 1,
            _ => tally.dropped += 1,
        }
    }

    /// What is still to be told of losses is told by the next process.
    fn save_report(&self) {
        let Some(mut spool) = self.spool() else { return };
        if let Some(sums) = self.losses.take() {
            self.keep(&mut spool, &report_letter(&sums));
        }
    }
}
