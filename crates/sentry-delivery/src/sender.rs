//! The thread that sends: a small runtime with a task for each connection, and some for the upkeep; and one beside it,
//! which makes errors ready.

mod encoder;
mod shutdown;
mod spooling;
mod upkeep;

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, SystemTime};

use futures_util::future::{join_all, join3};
use reqwest::StatusCode;
use sentry::Envelope;
use sentry::protocol::{EnvelopeFilterCallbacks, EnvelopeItem};

use super::backpressure::Backpressure;
use super::category::Category;
use super::client_reports::{self, ClientReports, Reason};
use super::encode::Encode;
use super::envelope::{EncodedEnvelope, QueuedEnvelope};
use super::hooks::Hooks;
use super::http::{Answer, Endpoint};
use super::limits::WORTH_WAITING;
use super::queues::{Disposition, Queues};
use super::shrink::shrink;
use super::spool::{self, Spool};
use super::spotlight::Spotlight;

/// Requests in flight, and so connections, at most. Against a Sentry 40 ms away that makes 1,600 envelopes a second.
pub(super) const CONNECTIONS: usize = 64;

/// How often a server that is well otherwise may fail on one and the same envelope.
const MOST_STRIKES: u8 = 5;

/// Everything the thread needs.
pub(super) struct Sender {
    pub(super) sentry: Option<Endpoint>,
    pub(super) spotlight: Option<Spotlight>,
    pub(super) queues: Arc<Queues>,
    pub(super) encode: Arc<dyn Encode>,
    pub(super) hooks: Hooks,
    pub(super) client_reports: Arc<ClientReports>,
    pub(super) backpressure: Arc<Backpressure>,
    pub(super) spool: Option<Mutex<Spool>>,
    /// The disk has refused what was to be kept there.
    pub(super) disk_refuses: AtomicBool,
    /// Envelopes that the server has taken.
    pub(super) sent: AtomicU64,
    /// How many of them before the end began.
    pub(super) sent_before: AtomicU64,
}

impl Sender {
    /// Sends until the queues are closed and empty, or their time is over.
    pub(super) fn run(self) {
        thread::scope(|threads| {
            // Started before this one yields to others, since its own priority is the one it starts with.
            let encoder = thread::Builder::new().name("sentry-encoder".to_owned());
            if let Err(error) = encoder.spawn_scoped(threads, || self.encode_errors()) {
                tracing::warn!(%error, "errors wait for a connection to be made ready");
            }
            (self.hooks.thread_started)();
            match runtime() {
                Ok(runtime) => runtime.block_on(self.work()),
                Err(error) => tracing::error!(%error, "no runtime for the transport: nothing is sent"),
            }
            self.queues.finish(false);
        });
    }

    async fn work(&self) {
        // The end waits for all three: who stops at once still learns whether Sentry is there, and a report that is
        // under way would be reported twice if it were reported again.
        let connections =
            join3(self.startup_probe(), self.report(), join_all((0..CONNECTIONS).map(|_| self.serve())));
        let mut copies = std::pin::pin!(self.copy());
        tokio::select! {
            _ = connections => {}
            () = self.time_is_over() => {}
            () = self.keep_up() => {}
            () = &mut copies, if self.spotlight.is_some() => {}
        }
        self.leave(copies).await;
    }

    async fn copy(&self) {
        if let Some(spotlight) = &self.spotlight {
            spotlight.run().await;
        }
    }

    async fn serve(&self) {
        while let Some(queued) = self.queues.next().await {
            match self.encoded(queued) {
                Some(encoded) => self.deliver(encoded).await,
                None => {
                    self.queues.release_permit();
                    self.settle(Disposition::Settled);
                }
            }
        }
    }

    /// Makes an envelope ready for the wire. `None` where nothing of it is left, which is counted.
    fn encoded(&self, queued: QueuedEnvelope) -> Option<EncodedEnvelope> {
        let content = queued.content();
        let encoded = match queued {
            QueuedEnvelope::Encoded(encoded) => return Some(encoded),
            QueuedEnvelope::Bytes(bytes) => EncodedEnvelope::of_bytes(bytes),
            QueuedEnvelope::Envelope(envelope) => self.finished(self.allowed(*envelope)?),
        };
        match encoded {
            Ok(encoded) => {
                if let (Some(spotlight), Some(_)) = (&self.spotlight, &self.sentry) {
                    spotlight.show(&encoded);
                }
                Some(encoded)
            }
            Err(error) => {
                tracing::error!(%error, "an envelope could not be written");
                self.client_reports.record(&content, Reason::Internal);
                None
            }
        }
    }

    fn finished(&self, envelope: Envelope) -> io::Result<EncodedEnvelope> {
        let (category, content) = (Category::of(&envelope), client_reports::content(&envelope));
        EncodedEnvelope::new(self.encode.encode(envelope)?, category, content)
    }

    /// The envelope without the items that the server does not want now, such as attachments; its headers stay.
    fn allowed(&self, envelope: Envelope) -> Option<Envelope> {
        let headers = envelope.headers().clone();
        let attachments = self.queues.limit_left("attachment").is_none();
        let filter = EnvelopeFilterCallbacks::new(
            |item: &EnvelopeItem| attachments || !matches!(item, EnvelopeItem::Attachment(_)),
            |item: EnvelopeItem| {
                self.client_reports.record(&client_reports::content(&item), Reason::RateLimited)
            },
        );
        envelope.filter(filter).map(|envelope| envelope.with_headers(headers))
    }

    async fn deliver(&self, encoded: EncodedEnvelope) {
        let mut sending = Sending { sender: self, encoded: Some(encoded) };
        let disposition = match &mut sending.encoded {
            Some(encoded) => self.attempt(encoded).await,
            None => return,
        };
        let encoded = sending.encoded.take();
        self.settle(match (disposition, encoded) {
            (Attempt::Over, _) | (_, None) => Disposition::Settled,
            (Attempt::Again, Some(encoded)) => Disposition::Back(encoded),
        });
    }

    async fn attempt(&self, encoded: &mut EncodedEnvelope) -> Attempt {
        encoded.stamp(SystemTime::now());
        let Some(sentry) = &self.sentry else {
            if let Some(spotlight) = &self.spotlight {
                spotlight.deliver(encoded).await;
            }
            return Attempt::Over;
        };
        match sentry.post(encoded).await {
            Ok(answer) if answer.is_trouble() => self.trouble(encoded, sentry, &answer),
            Ok(answer) => self.handle_response(encoded, sentry, &answer),
            Err(error) => {
                if self.queues.failed() {
                    tracing::warn!(error = %source(&error), "Sentry at {} cannot be reached: events wait", sentry.host());
                }
                Attempt::Again
            }
        }
    }

    /// A 503 may carry limits, too, but an outage is waited for anyway.
    fn trouble(&self, encoded: &mut EncodedEnvelope, sentry: &Endpoint, answer: &Answer) -> Attempt {
        if self.queues.failed() {
            let hint = if answer.status.is_redirection() { ", and redirects are not followed" } else { "" };
            tracing::warn!(status = %answer.status, "Sentry at {} takes nothing{hint}: events wait", sentry.host());
            encoded.failed_attempts += 1;
        }
        if encoded.failed_attempts < MOST_STRIKES {
            return Attempt::Again;
        }
        self.lose(encoded, Reason::SendError);
        Attempt::Over
    }

    fn handle_response(&self, encoded: &mut EncodedEnvelope, sentry: &Endpoint, answer: &Answer) -> Attempt {
        for stale in self.queues.reached(answer) {
            self.client_reports.record(&stale.content(), Reason::RateLimited);
        }
        if answer.status.is_success() {
            self.sent.fetch_add(1, Relaxed);
        } else if answer.status == StatusCode::TOO_MANY_REQUESTS {
            let wait = self.queues.limit_left(encoded.category.name());
            if wait.is_some_and(|wait| wait <= WORTH_WAITING) {
                return Attempt::Again;
            }
            // Not counted: the server itself counts what it refuses so.
        } else if answer.status == StatusCode::PAYLOAD_TOO_LARGE && self.reduce(encoded) {
            return Attempt::Again;
        } else {
            tracing::error!(status = %answer.status, "Sentry at {} refused an envelope", sentry.host());
            self.client_reports.record(&encoded.content, Reason::SendError);
        }
        spool::remove(encoded);
        Attempt::Over
    }

    /// Leaves out what a smaller envelope can do without. False where nothing can be spared, or is gone already.
    fn reduce(&self, encoded: &mut EncodedEnvelope) -> bool {
        let Some((smaller, dropped)) = shrink(encoded) else { return false };
        tracing::warn!("Sentry finds an envelope too large: it is sent once more with less in it");
        self.client_reports.record(&dropped, Reason::SendError);
        *encoded = smaller;
        true
    }

    fn settle(&self, disposition: Disposition) {
        if let Some(stale) = self.queues.settle(disposition) {
            self.lose(&stale, Reason::RateLimited);
        }
    }

    /// Gives an envelope up, and counts it.
    fn lose(&self, encoded: &EncodedEnvelope, reason: Reason) {
        self.client_reports.record(&encoded.content, reason);
        spool::remove(encoded);
    }
}

enum Attempt {
    /// Delivered, refused or lost, and counted.
    Over,
    /// To be tried again.
    Again,
}

/// An envelope under way: one that is interrupted goes back to where it was.
struct Sending<'a> {
    sender: &'a Sender,
    encoded: Option<EncodedEnvelope>,
}

impl Drop for Sending<'_> {
    fn drop(&mut self) {
        if let Some(encoded) = self.encoded.take() {
            self.sender.settle(Disposition::Back(encoded));
        }
    }
}

/// The innermost cause: reqwest's own text says no more than that it failed.
fn source(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// Names are looked up on threads of its own, which go when they have nothing to do: a service's number of threads is on
/// its events, and is to change for its own reasons.
fn runtime() -> io::Result<tokio::runtime::Runtime> {
    const KEEP_ALIVE: Duration = Duration::from_millis(100);
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().max_blocking_threads(2).thread_keep_alive(KEEP_ALIVE).build()
}
