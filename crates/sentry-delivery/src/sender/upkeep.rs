//! What goes on beside the sending: backpressure, reports of what was lost, the spool.

use std::time::{Duration, SystemTime};

use super::super::category::Category;
use super::super::client_reports::{self, Reason};
use super::super::envelope::EncodedEnvelope;
use super::super::http::{Answer, Endpoint};
use super::{Sender, source};

/// How often the queues are looked at. Ten looks halve the traces a thousand times: saturation is over in a second.
const LOOK: Duration = Duration::from_millis(100);

/// How often client reports are sent, and the spool is looked at.
pub(super) const REPORT: Duration = Duration::from_secs(1);

/// How often the hooks are called.
const TICK: Duration = Duration::from_millis(250);

/// As many bytes in the queues at once are worth being given back.
const MUCH: usize = 4 * 1024 * 1024;

impl Sender {
    /// Never ends.
    pub(super) async fn keep_up(&self) {
        tokio::join!(self.look(), self.spool_loop(), self.call_hooks());
    }

    /// Asks the server once whether it takes anything from us, by an empty report.
    pub(super) async fn startup_probe(&self) {
        let Some(sentry) = &self.sentry else { return };
        match sentry.post(&encoded_report(&client_reports::Sums::new())).await {
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
            let (fullness, limited) = self.queues.health(Category::Transaction);
            self.backpressure.check(fullness, limited);
            self.make_ready().await;
        }
    }

    /// Makes ready what waits for a connection: ready, errors, logs and metrics take a tenth of the memory.
    async fn make_ready(&self) {
        while let Some(queued) = self.queues.next_unready() {
            self.settle(self.made_ready(queued));
            tokio::task::yield_now().await;
        }
    }

    /// Sends client reports now and then until the end begins.
    pub(super) async fn report(&self) {
        while tokio::time::timeout(REPORT, self.queues.closing()).await.is_err() {
            if self.queues.outage_age().is_none() {
                self.send_client_reports().await;
            } else if self.queues.may_probe() {
                self.probe().await;
            }
        }
    }

    /// Finds out whether an outage is over where no envelope does: all may be on disk, or discarded.
    async fn probe(&self) {
        let Some(sentry) = &self.sentry else { return };
        match self.post_report(sentry, self.client_reports.take().unwrap_or_default()).await {
            Ok(answer) if !answer.is_trouble() => {
                for stale in self.queues.reached(&answer) {
                    self.client_reports.record(&stale.content(), Reason::RateLimited);
                }
            }
            Ok(_) | Err(_) => drop(self.queues.failed()),
        }
    }

    /// Sends the number of discarded items, if there is one; true unless there is still something to send.
    pub(super) async fn send_client_reports(&self) -> bool {
        let (Some(sentry), Some(sums)) = (&self.sentry, self.client_reports.take()) else { return true };
        self.post_report(sentry, sums).await.is_ok_and(|answer| answer.status.is_success())
    }

    async fn post_report(
        &self,
        sentry: &Endpoint,
        sums: client_reports::Sums,
    ) -> Result<Answer, reqwest::Error> {
        let encoded = encoded_report(&sums);
        // If this is interrupted, the numbers are still to be sent.
        let mut unreported = Unreported { sender: self, sums: Some(sums) };
        let answer = sentry.post(&encoded).await;
        if answer.as_ref().is_ok_and(|answer| answer.status.is_success()) {
            unreported.sums = None;
        }
        answer
    }

    /// Calls the hooks: one every so often, one when the queues have become empty.
    async fn call_hooks(&self) {
        loop {
            tokio::time::sleep(TICK).await;
            (self.hooks.tick)();
            if self.queues.are_empty_after(MUCH) {
                (self.hooks.emptied)();
            }
        }
    }
}

/// A client report, ready for the wire.
pub(super) fn encoded_report(sums: &client_reports::Sums) -> EncodedEnvelope {
    EncodedEnvelope {
        body: client_reports::envelope(sums).into(),
        gzip: false,
        category: Category::Other,
        content: Vec::new(),
        failed_attempts: 0,
        file: None,
        is_reduced: false,
        sent_at: Some(SystemTime::now()),
    }
}

struct Unreported<'a> {
    sender: &'a Sender,
    sums: Option<client_reports::Sums>,
}

impl Drop for Unreported<'_> {
    fn drop(&mut self) {
        if let Some(sums) = self.sums.take() {
            self.sender.client_reports.restore(sums);
        }
    }
}
