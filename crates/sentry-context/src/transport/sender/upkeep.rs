//! What goes on beside the sending: backpressure, reports of what was lost, the spool.

use std::time::{Duration, SystemTime};

use super::super::category::Category;
use super::super::http::{Answer, Endpoint};
use super::super::letter::Letter;
use super::super::losses::{self, Reason};
use super::super::wire;
use super::{Sender, source};
use crate::frames;
use crate::runtime_stats::give_memory_back;

/// How often the queues are looked at. Ten looks halve the traces a thousand times: saturation is over in a second.
const LOOK: Duration = Duration::from_millis(100);

/// How often losses are told, and the spool is looked at.
pub(super) const REPORT: Duration = Duration::from_secs(1);

/// How long the symbol tables may lie idle, at least. They are as large as all that a burst of crashes queues, and it
/// needs them for its first.
const REST: Duration = Duration::from_millis(250);

/// As many bytes in the queues at once are worth being given back.
const MUCH: usize = 4 * 1024 * 1024;

impl Sender {
    /// Never ends.
    pub(super) async fn keep_up(&self) {
        tokio::join!(self.look(), self.spool_loop(), self.rest());
    }

    /// Asks the server once whether it takes anything from us, by an empty report.
    pub(super) async fn startup_probe(&self) {
        let Some(sentry) = &self.sentry else { return };
        match sentry.post(&report_letter(&losses::Sums::new())).await {
            Ok(answer) if answer.status.is_success() => {
                tracing::info!("Sentry at {} answers", sentry.host());
            }
            Ok(answer) => {
                tracing::warn!(status = %answer.status, "Sentry at {} answers, but does not take our events", sentry.host());
            }
            Err(error) => {
                tracing::warn!(error = %source(&error), "Sentry at {} does not answer: events wait", sentry.host());
            }
        }
    }

    async fn look(&self) {
        loop {
            tokio::time::sleep(LOOK).await;
            let (fullness, limited) = self.lanes.health(Category::Transaction);
            self.backpressure.check(fullness, limited);
            self.make_ready().await;
        }
    }

    /// Makes ready what waits for a connection: ready, errors, logs and metrics take a tenth of the memory.
    async fn make_ready(&self) {
        while let Some(parcel) = self.lanes.next_unready() {
            self.settle(self.made_ready(parcel));
            tokio::task::yield_now().await;
        }
    }

    /// Tells losses now and then until the end begins.
    pub(super) async fn report(&self) {
        while tokio::time::timeout(REPORT, self.lanes.closing()).await.is_err() {
            if self.lanes.outage().is_none() {
                self.tell_losses().await;
            } else if self.lanes.may_probe() {
                self.probe().await;
            }
        }
    }

    /// Finds out whether an outage is over where no envelope does: all may be on disk, or discarded.
    async fn probe(&self) {
        let Some(sentry) = &self.sentry else { return };
        match self.post_report(sentry, self.losses.take().unwrap_or_default()).await {
            Ok(answer) if !answer.is_trouble() => {
                for stale in self.lanes.reached(&answer) {
                    self.losses.record(&stale.content(), Reason::RateLimited);
                }
            }
            Ok(_) | Err(_) => drop(self.lanes.failed()),
        }
    }

    /// Tells the server what was lost, if anything; true unless there is still something to tell.
    pub(super) async fn tell_losses(&self) -> bool {
        let (Some(sentry), Some(sums)) = (&self.sentry, self.losses.take()) else { return true };
        self.post_report(sentry, sums).await.is_ok_and(|answer| answer.status.is_success())
    }

    async fn post_report(&self, sentry: &Endpoint, sums: losses::Sums) -> Result<Answer, reqwest::Error> {
        let letter = report_letter(&sums);
        // Where this is interrupted, it has still to be told.
        let mut untold = Untold { sender: self, sums: Some(sums) };
        let answer = sentry.post(&letter).await;
        if answer.as_ref().is_ok_and(|answer| answer.status.is_success()) {
            untold.sums = None;
        }
        answer
    }

    /// Gives memory back: the symbol tables' while nothing new is to be resolved, the queues' once they are empty.
    async fn rest(&self) {
        loop {
            tokio::time::sleep(REST).await;
            frames::rest();
            if self.lanes.are_empty_after(MUCH) {
                give_memory_back();
            }
        }
    }
}

/// A report of losses, ready for the wire.
pub(super) fn report_letter(sums: &losses::Sums) -> Letter {
    Letter {
        body: wire::item("client_report", &losses::report(sums)).into(),
        gzip: false,
        category: Category::Other,
        content: Vec::new(),
        strikes: 0,
        file: None,
        is_reduced: false,
        sent_at: Some(SystemTime::now()),
    }
}

struct Untold<'a> {
    sender: &'a Sender,
    sums: Option<losses::Sums>,
}

impl Drop for Untold<'_> {
    fn drop(&mut self) {
        if let Some(sums) = self.sums.take() {
            self.sender.losses.restore(sums);
        }
    }
}
