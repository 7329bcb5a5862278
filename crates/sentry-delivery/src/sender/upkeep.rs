//! What happens besides sending: backpressure, client reports, hooks.

use std::time::{Duration, Instant};

use scopeguard::{ScopeGuard, guard};

use super::{Sender, source};
use crate::category::Category;
use crate::client_reports::Sums;
use crate::envelope::EncodedEnvelope;
use crate::spool::Spool;

/// How often the queues are looked at. Ten looks halve the traces ten times, so saturation is over in a second.
const LOOK: Duration = Duration::from_millis(100);

/// How often client reports are sent.
const REPORT: Duration = Duration::from_secs(1);

/// How often the hooks are called.
const TICK: Duration = Duration::from_millis(250);

/// So many bytes in the queues at once are worth giving back.
const MUCH: usize = 4 * 1024 * 1024;

impl Sender {
    /// Never ends.
    pub(super) async fn keep_up(&self, spool: &mut Option<Spool>) {
        let spool = async {
            if let Some(spool) = spool {
                spool.run(&self.pipeline).await;
            }
        };
        tokio::join!(self.look(), spool, self.call_hooks());
    }

    /// Asks the server once, by an empty client report, whether it takes anything from us.
    pub(super) async fn startup_probe(&self) {
        let Some(sentry) = &self.sentry else { return };
        match sentry.post(&EncodedEnvelope::report(&Sums::new())).await {
            Ok(answer) if answer.status.is_success() => {
                tracing::info!("Sentry at {} answers", sentry.host());
            }
            Ok(answer) => {
                tracing::warn!(status = %answer.status, "Sentry at {} answers, but does not accept our events", sentry.host());
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
            let is_limited = self.pipeline.limits.until(Category::Transaction, Instant::now()).is_some();
            let fullness = self.pipeline.room.fullness(Category::Transaction);
            self.pipeline.backpressure.check(fullness, is_limited);
        }
    }

    /// Sends client reports now and then until the shutdown begins. In an outage, they find out whether it is over where
    /// no envelope does: all may be on disk, or discarded.
    pub(super) async fn report(&self) {
        while tokio::time::timeout(REPORT, self.pipeline.shutdown.begun()).await.is_err() {
            if self.pipeline.may_probe() {
                self.post_report(self.pipeline.client_reports.take().unwrap_or_default()).await;
            } else if self.pipeline.outage_age().is_none() {
                self.send_client_reports().await;
            }
        }
    }

    /// Sends the number of discarded items, if there is one; true unless there is still something to send.
    pub(super) async fn send_client_reports(&self) -> bool {
        let Some(sums) = self.pipeline.client_reports.take() else { return true };
        self.post_report(sums).await
    }

    async fn post_report(&self, sums: Sums) -> bool {
        let Some(sentry) = &self.sentry else { return true };
        let mut encoded = EncodedEnvelope::report(&sums);
        // Where this is interrupted, the numbers are still to be sent.
        let unreported = guard(sums, |sums| self.pipeline.client_reports.restore(sums));
        let is_taken = self.post(sentry, &mut encoded).await.is_some_and(|answer| answer.status.is_success());
        if is_taken {
            ScopeGuard::into_inner(unreported);
        }
        is_taken
    }

    async fn call_hooks(&self) {
        let mut peak = 0;
        loop {
            tokio::time::sleep(TICK).await;
            (self.hooks.tick)();
            peak = self.pipeline.room.bytes().max(peak);
            if peak > MUCH && self.pipeline.room.is_empty() {
                (self.hooks.emptied)();
                peak = 0;
            }
        }
    }
}
