//! What goes on beside the sending: backpressure, client reports, hooks.

use std::time::Duration;

use super::{Sender, source};
use crate::category::Category;
use crate::client_reports::Sums;
use crate::envelope::EncodedEnvelope;
use crate::http::{Answer, Endpoint};
use crate::pipeline::Pipeline;
use crate::spooler::Spooler;

/// How often the queues are looked at. Ten looks halve the traces a thousand times: saturation is over in a second.
const LOOK: Duration = Duration::from_millis(100);

/// How often client reports are sent.
const REPORT: Duration = Duration::from_secs(1);

/// How often the hooks are called.
const TICK: Duration = Duration::from_millis(250);

/// As many bytes in the queues at once are worth being given back.
const MUCH: usize = 4 * 1024 * 1024;

impl Sender {
    /// Never ends.
    pub(super) async fn keep_up(&self, spooler: &mut Option<Spooler>) {
        let spool = async {
            if let Some(spooler) = spooler {
                spooler.run().await;
            }
        };
        tokio::join!(self.look(), spool, self.call_hooks());
    }

    /// Asks the server once whether it takes anything from us, by an empty report.
    pub(super) async fn startup_probe(&self) {
        let Some(sentry) = &self.sentry else { return };
        match sentry.post(&EncodedEnvelope::report(&Sums::new())).await {
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
            self.pipeline.make_way();
            let limited = self.pipeline.limits.until(Category::Transaction, std::time::Instant::now());
            self.backpressure.check(self.pipeline.room.fullness(Category::Transaction), limited.is_some());
        }
    }

    /// Sends client reports now and then until the end begins.
    pub(super) async fn report(&self) {
        while tokio::time::timeout(REPORT, self.pipeline.shutdown.begun()).await.is_err() {
            if self.pipeline.outage_age().is_none() {
                self.send_client_reports().await;
            } else if self.pipeline.may_probe() {
                self.probe().await;
            }
        }
    }

    /// Finds out whether an outage is over where no envelope does: all may be on disk, or discarded.
    async fn probe(&self) {
        let Some(sentry) = &self.sentry else { return };
        match self.post_report(sentry, self.pipeline.client_reports.take().unwrap_or_default()).await {
            Ok(answer) if !answer.is_trouble() => self.pipeline.reached(&answer),
            Ok(_) | Err(_) => drop(self.pipeline.failed()),
        }
    }

    /// Sends the number of discarded items, if there is one; true unless there is still something to send.
    pub(super) async fn send_client_reports(&self) -> bool {
        let (Some(sentry), Some(sums)) = (&self.sentry, self.pipeline.client_reports.take()) else {
            return true;
        };
        self.post_report(sentry, sums).await.is_ok_and(|answer| answer.status.is_success())
    }

    async fn post_report(&self, sentry: &Endpoint, sums: Sums) -> Result<Answer, reqwest::Error> {
        let encoded = EncodedEnvelope::report(&sums);
        // If this is interrupted, the numbers are still to be sent.
        let mut unreported = Unreported { pipeline: &self.pipeline, sums: Some(sums) };
        let answer = sentry.post(&encoded).await;
        if answer.as_ref().is_ok_and(|answer| answer.status.is_success()) {
            unreported.sums = None;
        }
        answer
    }

    async fn call_hooks(&self) {
        loop {
            tokio::time::sleep(TICK).await;
            (self.hooks.tick)();
            if self.pipeline.room.is_empty_after(MUCH) {
                (self.hooks.emptied)();
            }
        }
    }
}

struct Unreported<'a> {
    pipeline: &'a Pipeline,
    sums: Option<Sums>,
}

impl Drop for Unreported<'_> {
    fn drop(&mut self) {
        if let Some(sums) = self.sums.take() {
            self.pipeline.client_reports.restore(sums);
        }
    }
}
