//! The thread that sends: a small runtime with a task for each connection, and some for the upkeep.

mod end;
mod upkeep;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use futures_util::future::{OptionFuture, join, join_all, join4};
use reqwest::StatusCode;
use tokio::sync::watch;

use crate::backpressure::Backpressure;
use crate::client_reports::Reason;
use crate::encoder::Encoder;
use crate::envelope::EncodedEnvelope;
use crate::hooks::Hooks;
use crate::http::{Answer, Endpoint};
use crate::pipeline::Pipeline;
use crate::room::Waiting;
use crate::shrink::shrink;
use crate::spool;
use crate::spooler::Spooler;
use crate::spotlight::Spotlight;

/// Requests in flight, and so connections, at most. Against a Sentry 40 ms away that makes 1,600 envelopes a second.
pub(crate) const CONNECTIONS: usize = 64;

/// How often a server that is well otherwise may fail on one and the same envelope.
const MAX_ATTEMPTS: u8 = 5;

/// Everything the thread needs but the spool.
pub(crate) struct Sender {
    pub(crate) sentry: Option<Endpoint>,
    pub(crate) spotlight: Option<Arc<Spotlight>>,
    pub(crate) pipeline: Arc<Pipeline>,
    pub(crate) encoder: Arc<Encoder>,
    pub(crate) hooks: Hooks,
    pub(crate) backpressure: Arc<Backpressure>,
    /// Envelopes that the server has taken.
    pub(crate) sent: AtomicU64,
    /// How many of them before the end began.
    pub(crate) sent_before: AtomicU64,
}

impl Sender {
    /// Sends until the pipeline is closed and empty, or its time is over.
    pub(crate) fn run(self, mut spooler: Option<Spooler>) {
        // Started before this one lowers its priority, since its own is the one it starts with: an error that is not
        // encoded takes ten times the memory, and a burst queues thousands.
        let (encoding, running) = watch::channel(());
        let encoder = Arc::clone(&self.encoder);
        let encode_errors = move || {
            let _running = running;
            match runtime() {
                Ok(runtime) => runtime.block_on(encoder.run(&encoder.pipeline.errors)),
                Err(error) => tracing::error!(%error, "no runtime for the encoder: errors wait for the end"),
            }
        };
        let thread = thread::Builder::new().name("sentry-encoder".to_owned()).spawn(encode_errors);
        if let Err(error) = &thread {
            tracing::warn!(%error, "errors are encoded by the thread that sends");
        }
        (self.hooks.thread_started)();
        match runtime() {
            Ok(runtime) => runtime.block_on(self.work(&mut spooler, &encoding, thread.is_err())),
            Err(error) => tracing::error!(%error, "no runtime for the transport: nothing is sent"),
        }
        self.pipeline.shutdown.end(false);
    }

    async fn work(&self, spooler: &mut Option<Spooler>, encoding: &watch::Sender<()>, encodes_errors: bool) {
        let encode = async {
            let errors = OptionFuture::from(encodes_errors.then(|| self.encoder.run(&self.pipeline.errors)));
            join(errors, self.encoder.run(&self.pipeline.others)).await;
        };
        // The end waits for all of them: whoever stops at once still learns whether Sentry is there, and a report that is
        // under way would be reported twice if it were reported again.
        let connections = join4(
            self.startup_probe(),
            self.report(),
            encode,
            join_all((0..CONNECTIONS).map(|_| self.serve())),
        );
        let mut copies = std::pin::pin!(self.copy());
        tokio::select! {
            _ = connections => {}
            () = self.time_is_over() => {}
            () = self.keep_up(spooler) => {}
            () = &mut copies, if self.spotlight.is_some() => {}
        }
        self.leave(spooler, encoding, copies).await;
    }

    async fn copy(&self) {
        if let Some(spotlight) = &self.spotlight {
            spotlight.run().await;
        }
    }

    /// One connection.
    async fn serve(&self) {
        while let Some(encoded) = self.pipeline.next().await {
            let mut sending = Sending { pipeline: &self.pipeline, encoded: Some(encoded) };
            if let Some(encoded) = &mut sending.encoded
                && self.attempt(&mut encoded.envelope).await == Attempt::Over
            {
                sending.encoded = None;
            }
        }
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
                if self.pipeline.failed() {
                    tracing::warn!(error = %source(&error), "Sentry at {} cannot be reached: events wait", sentry.host());
                }
                Attempt::Again
            }
        }
    }

    /// A 503 may carry limits, too, but an outage is waited for anyway.
    fn trouble(&self, encoded: &mut EncodedEnvelope, sentry: &Endpoint, answer: &Answer) -> Attempt {
        if self.pipeline.failed() {
            let hint = if answer.status.is_redirection() { ", and redirects are not followed" } else { "" };
            tracing::warn!(status = %answer.status, "Sentry at {} takes nothing{hint}: events wait", sentry.host());
            encoded.failed_attempts += 1;
        }
        if encoded.failed_attempts < MAX_ATTEMPTS {
            return Attempt::Again;
        }
        self.pipeline.discard(encoded, Reason::SendError);
        Attempt::Over
    }

    fn handle_response(&self, encoded: &mut EncodedEnvelope, sentry: &Endpoint, answer: &Answer) -> Attempt {
        self.pipeline.reached(answer);
        let now = Instant::now();
        let is_limited = || self.pipeline.limits.until(encoded.category, now).is_some();
        if answer.status.is_success() {
            self.sent.fetch_add(1, Relaxed);
        } else if answer.status == StatusCode::TOO_MANY_REQUESTS {
            if is_limited() && !self.pipeline.limits.is_long(encoded.category, now) {
                return Attempt::Again;
            }
            // Not counted: the server itself counts what it refuses so.
        } else if answer.status == StatusCode::PAYLOAD_TOO_LARGE && self.reduce(encoded) {
            return Attempt::Again;
        } else {
            tracing::error!(status = %answer.status, "Sentry at {} refused an envelope", sentry.host());
            self.pipeline.client_reports.record(&encoded.content, Reason::SendError);
        }
        spool::remove(encoded);
        Attempt::Over
    }

    /// Leaves out what a smaller envelope can do without. False where nothing can be spared, or is gone already.
    fn reduce(&self, encoded: &mut EncodedEnvelope) -> bool {
        let Some((smaller, dropped)) = shrink(encoded) else { return false };
        tracing::warn!("Sentry finds an envelope too large: it is sent once more with less in it");
        self.pipeline.client_reports.record(&dropped, Reason::SendError);
        *encoded = smaller;
        true
    }
}

#[derive(PartialEq)]
enum Attempt {
    /// Delivered, refused or discarded, and counted.
    Over,
    /// To be tried again.
    Again,
}

/// An envelope under way. It goes back into the outbox unless its attempts are over, also where one is interrupted.
struct Sending<'a> {
    pipeline: &'a Pipeline,
    encoded: Option<Waiting<EncodedEnvelope>>,
}

impl Drop for Sending<'_> {
    fn drop(&mut self) {
        if let Some(encoded) = self.encoded.take() {
            self.pipeline.queue(encoded);
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
