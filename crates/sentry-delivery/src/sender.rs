//! The thread that sends: a small runtime with the requests in flight, and some upkeep.

mod end;
mod upkeep;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant, SystemTime};

use futures_util::StreamExt;
use futures_util::future::join4;
use futures_util::stream::FuturesUnordered;
use reqwest::StatusCode;
use scopeguard::{ScopeGuard, guard};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

use crate::client_reports::Reason;
use crate::delivery::Hooks;
use crate::encoder::Encoder;
use crate::envelope::EncodedEnvelope;
use crate::http::{Answer, Endpoint};
use crate::pipeline::Pipeline;
use crate::room::Waiting;
use crate::shrink::shrink;
use crate::spool::{self, Spool};

/// Requests in flight, and so connections, at most. There are never more than envelopes that wait.
pub(crate) const CONNECTIONS: usize = 64;

/// The same for a server that is far away, so that [`RATE`] envelopes a second reach it all the same.
const MAX_CONNECTIONS: usize = 256;
const RATE: f64 = 3_200.0;

/// A server that takes longer for an answer is not far away but overloaded. More requests would make it slower.
const OVERLOADED: Duration = Duration::from_millis(500);

/// How often a server that is well otherwise may fail on one and the same envelope.
const MAX_ATTEMPTS: u8 = 5;

/// Everything the thread needs but the spool.
pub(crate) struct Sender {
    /// Spotlight alone has none.
    pub(crate) sentry: Option<Endpoint>,
    pub(crate) pipeline: Arc<Pipeline>,
    pub(crate) encoder: Arc<Encoder>,
    pub(crate) hooks: Hooks,
    /// Envelopes that the server has taken since the start, or since the shutdown began.
    pub(crate) sent: AtomicU64,
}

impl Sender {
    /// Starts the threads that encode and send, until the pipeline is closed and empty, or its time is over.
    pub(crate) fn start(self, spool: Option<Spool>) -> io::Result<ThreadId> {
        let (encoder, pipeline, hooks) = (Arc::clone(&self.encoder), Arc::clone(&self.pipeline), self.hooks);
        let (running, encoding) = watch::channel(());
        let runtime = Arc::new(runtime()?);
        let work = runtime.spawn(self.work(spool, encoding.clone()));
        let of_sender = Arc::clone(&runtime);
        // Errors are encoded by a thread that starts before the sender lowers its priority, and keeps its own: an error
        // that is not encoded takes ten times the memory, and a burst queues thousands. A shutdown has seconds only, so
        // this thread finishes the work of the sender as well.
        thread::Builder::new().name("sentry-encoder".to_owned()).spawn(move || {
            runtime.handle().block_on(async {
                encoder.run(&encoder.pipeline.errors).await;
                // Errors come to an end with the shutdown only, which has closed the other queues before.
                encoder.run(&encoder.pipeline.others).await;
            });
            drop(running);
            let _ = runtime.block_on(work);
        })?;
        let sender = thread::Builder::new().name("sentry-transport".to_owned()).spawn(move || {
            (hooks.thread_started)();
            of_sender.block_on(async {
                pipeline.shutdown.begun().await;
                ended(encoding).await;
            });
        })?;
        Ok(sender.thread().id())
    }

    async fn work(self, mut spool: Option<Spool>, encoding: watch::Receiver<()>) {
        // The shutdown waits for all four: a process that stops at once still logs whether Sentry answers, and a client
        // report that is under way would be counted twice if it were sent again.
        let encode = self.encoder.run(&self.pipeline.others);
        let sending = join4(self.startup_probe(), self.report(), encode, self.send());
        tokio::select! {
            _ = sending => {}
            () = self.time_is_over() => {}
            () = self.keep_up(&mut spool) => {}
        }
        self.leave(spool, encoding).await;
    }

    /// Sends what is in the outbox, with as many requests in flight as are needed and allowed.
    async fn send(&self) {
        let mut requests = FuturesUnordered::new();
        loop {
            tokio::select! {
                Some(()) = requests.next() => {}
                next = self.pipeline.next(), if requests.len() < connections(self.pipeline.answer_time()) => {
                    match next {
                        Some(encoded) => requests.push(self.request(encoded)),
                        None => break,
                    }
                }
            }
        }
        while requests.next().await.is_some() {}
    }

    async fn request(&self, encoded: Waiting<EncodedEnvelope>) {
        // It returns to the outbox where its attempt is not over, or is interrupted.
        let mut sending = guard(encoded, |encoded| self.pipeline.queue(encoded));
        if self.attempt(&mut sending.envelope).await == Attempt::Over {
            ScopeGuard::into_inner(sending);
        }
    }

    async fn attempt(&self, encoded: &mut EncodedEnvelope) -> Attempt {
        encoded.stamp(SystemTime::now());
        let Some(sentry) = &self.sentry else { return Attempt::Over };
        match self.post(sentry, encoded).await {
            Some(answer) => self.handle_response(encoded, sentry, &answer),
            None if encoded.failed_attempts < MAX_ATTEMPTS => Attempt::Again,
            None => {
                self.pipeline.discard(encoded, Reason::SendError);
                Attempt::Over
            }
        }
    }

    /// Posts an envelope; `None` if the server cannot be reached or is in trouble. A 503 may carry limits, too, but
    /// the end of the outage is waited for anyway.
    async fn post(&self, sentry: &Endpoint, encoded: &mut EncodedEnvelope) -> Option<Answer> {
        let answer = sentry.post(encoded).await;
        if let Ok(answer) = answer.as_ref()
            && !answer.is_trouble()
        {
            self.pipeline.reached(answer);
        } else if self.pipeline.failed() {
            match &answer {
                Ok(answer) => {
                    let is_redirect = answer.status.is_redirection();
                    let hint = if is_redirect { ", and redirects are not followed" } else { "" };
                    tracing::warn!(status = %answer.status, "Sentry at {} accepts nothing{hint}: events wait", sentry.host());
                    encoded.failed_attempts += 1;
                }
                Err(error) => {
                    tracing::warn!(error = %source(error), "Sentry at {} cannot be reached: events wait", sentry.host());
                }
            }
        }
        answer.ok().filter(|answer| !answer.is_trouble())
    }

    fn handle_response(&self, encoded: &mut EncodedEnvelope, sentry: &Endpoint, answer: &Answer) -> Attempt {
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

    /// Leaves out the less important parts of an envelope; false if it has none, or none any more.
    fn reduce(&self, encoded: &mut EncodedEnvelope) -> bool {
        let Some((smaller, dropped)) = shrink(encoded) else { return false };
        tracing::warn!("Sentry refused an envelope as too large: it is sent again with less content");
        self.pipeline.client_reports.record(&dropped, Reason::SendError);
        *encoded = smaller;
        true
    }
}

/// Waits until the sender of that channel is gone.
async fn ended(mut channel: watch::Receiver<()>) {
    while channel.changed().await.is_ok() {}
}

#[derive(PartialEq)]
enum Attempt {
    /// The envelope is delivered, refused or discarded, and counted.
    Over,
    /// It is to be sent again.
    Again,
}

/// How many requests may be under way, where the server takes so long for an answer.
fn connections(answer_time: Duration) -> usize {
    if answer_time > OVERLOADED {
        return CONNECTIONS;
    }
    ((answer_time.as_secs_f64() * RATE) as usize).clamp(CONNECTIONS, MAX_CONNECTIONS)
}

/// The innermost cause: reqwest's own text says only that the request failed.
fn source(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.last().map(ToString::to_string).unwrap_or_default()
}

/// Its threads for the lookup of names end as soon as they are idle: the number of threads is on each event, and should
/// change for the service's own reasons only.
fn runtime() -> io::Result<Runtime> {
    const KEEP_ALIVE: Duration = Duration::from_millis(100);
    Builder::new_current_thread().enable_all().max_blocking_threads(2).thread_keep_alive(KEEP_ALIVE).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_grow_with_the_way_to_the_server_up_to_a_bound_and_shrink_again() {
        let counts = [0, 1, 20, 40, 80, 500, 501, 10_000, 40, 0];
        let counts = counts.map(|milliseconds| connections(Duration::from_millis(milliseconds)));
        assert_eq!(counts, [64, 64, 64, 128, 256, 256, 64, 64, 128, 64]);
    }
}
