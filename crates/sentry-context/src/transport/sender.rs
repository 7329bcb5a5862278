//! The thread that sends: a small runtime with a task for each connection, and some for the upkeep; and one beside it,
//! which makes errors ready.

mod finisher;
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
use super::http::{Answer, Endpoint};
use super::lanes::{Fate, Lanes};
use super::letter::{Letter, Parcel};
use super::limits::WORTH_WAITING;
use super::losses::{self, Losses, Reason};
use super::shrink::shrink;
use super::spool::{self, Spool};
use super::spotlight::Spotlight;
use super::wire;
use crate::finish::Finisher;

/// Requests in flight, and so connections, at most. Against a Sentry 40 ms away that makes 1,600 envelopes a second.
pub(super) const CONNECTIONS: usize = 64;

/// How often a server that is well otherwise may fail on one and the same envelope.
const MOST_STRIKES: u8 = 5;

/// Everything the thread needs.
pub(super) struct Sender {
    pub(super) sentry: Option<Endpoint>,
    pub(super) spotlight: Option<Spotlight>,
    pub(super) lanes: Arc<Lanes>,
    pub(super) finisher: Finisher,
    pub(super) losses: Arc<Losses>,
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
    /// Sends until the lanes are closed and empty, or their time is over.
    pub(super) fn run(self) {
        thread::scope(|threads| {
            // Started before this one yields to others, since its own priority is the one it starts with.
            let finisher = thread::Builder::new().name("sentry-finisher".to_owned());
            if let Err(error) = finisher.spawn_scoped(threads, || self.finish_errors()) {
                tracing::warn!(%error, "errors wait for a connection to be made ready");
            }
            yield_to_requests();
            match runtime() {
                Ok(runtime) => runtime.block_on(self.work()),
                Err(error) => tracing::error!(%error, "no runtime for the transport: nothing is sent"),
            }
            self.lanes.finish(false);
        });
    }

    async fn work(&self) {
        // The end waits for all three: who stops at once still learns whether Sentry is there, and a report that is
        // under way would be told twice if it were told again.
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
        while let Some(parcel) = self.lanes.next().await {
            match self.letter(parcel) {
                Some(letter) => self.deliver(letter).await,
                None => {
                    self.lanes.undecided();
                    self.settle(Fate::Settled);
                }
            }
        }
    }

    /// Makes an envelope ready for the wire. `None` where nothing of it is left, which is counted.
    fn letter(&self, parcel: Parcel) -> Option<Letter> {
        let content = parcel.content();
        let letter = match parcel {
            Parcel::Letter(letter) => return Some(letter),
            Parcel::Bytes(bytes) => Letter::of_bytes(bytes),
            Parcel::Envelope(envelope) => self.finished(self.allowed(*envelope)?),
        };
        match letter {
            Ok(letter) => {
                if let (Some(spotlight), Some(_)) = (&self.spotlight, &self.sentry) {
                    spotlight.show(&letter);
                }
                Some(letter)
            }
            Err(error) => {
                tracing::error!(%error, "an envelope could not be written");
                self.losses.record(&content, Reason::Internal);
                None
            }
        }
    }

    fn finished(&self, envelope: Envelope) -> io::Result<Letter> {
        let (category, content) = (Category::of(&envelope), losses::content(&envelope));
        Letter::new(wire::bytes(&self.finisher.envelope(envelope))?, category, content)
    }

    /// The envelope without the items that the server does not want now, such as attachments; its headers stay.
    fn allowed(&self, envelope: Envelope) -> Option<Envelope> {
        let headers = envelope.headers().clone();
        let attachments = self.lanes.limit_left("attachment").is_none();
        let filter = EnvelopeFilterCallbacks::new(
            |item: &EnvelopeItem| attachments || !matches!(item, EnvelopeItem::Attachment(_)),
            |item: EnvelopeItem| self.losses.record(&losses::content(&item), Reason::RateLimited),
        );
        envelope.filter(filter).map(|envelope| envelope.with_headers(headers))
    }

    async fn deliver(&self, letter: Letter) {
        let mut sending = Sending { sender: self, letter: Some(letter) };
        let fate = match &mut sending.letter {
            Some(letter) => self.attempt(letter).await,
            None => return,
        };
        let letter = sending.letter.take();
        self.settle(match (fate, letter) {
            (Attempt::Over, _) | (_, None) => Fate::Settled,
            (Attempt::Again, Some(letter)) => Fate::Back(letter),
        });
    }

    async fn attempt(&self, letter: &mut Letter) -> Attempt {
        letter.stamp(SystemTime::now());
        let Some(sentry) = &self.sentry else {
            if let Some(spotlight) = &self.spotlight {
                spotlight.deliver(letter).await;
            }
            return Attempt::Over;
        };
        match sentry.post(letter).await {
            Ok(answer) if answer.is_trouble() => self.trouble(letter, sentry, &answer),
            Ok(answer) => self.handle_response(letter, sentry, &answer),
            Err(error) => {
                if self.lanes.failed() {
                    tracing::warn!(error = %source(&error), "Sentry at {} cannot be reached: events wait", sentry.host());
                }
                Attempt::Again
            }
        }
    }

    /// A 503 may carry limits, too, but an outage is waited for anyway.
    fn trouble(&self, letter: &mut Letter, sentry: &Endpoint, answer: &Answer) -> Attempt {
        if self.lanes.failed() {
            let hint = if answer.status.is_redirection() { ", and redirects are not followed" } else { "" };
            tracing::warn!(status = %answer.status, "Sentry at {} takes nothing{hint}: events wait", sentry.host());
            letter.strikes += 1;
        }
        if letter.strikes < MOST_STRIKES {
            return Attempt::Again;
        }
        self.lose(letter, Reason::SendError);
        Attempt::Over
    }

    fn handle_response(&self, letter: &mut Letter, sentry: &Endpoint, answer: &Answer) -> Attempt {
        for stale in self.lanes.reached(answer) {
            self.losses.record(&stale.content(), Reason::RateLimited);
        }
        if answer.status.is_success() {
            self.sent.fetch_add(1, Relaxed);
        } else if answer.status == StatusCode::TOO_MANY_REQUESTS {
            let wait = self.lanes.limit_left(letter.category.name());
            if wait.is_some_and(|wait| wait <= WORTH_WAITING) {
                return Attempt::Again;
            }
            // Not counted: the server itself counts what it refuses so.
        } else if answer.status == StatusCode::PAYLOAD_TOO_LARGE && self.reduce(letter) {
            return Attempt::Again;
        } else {
            tracing::error!(status = %answer.status, "Sentry at {} refused an envelope", sentry.host());
            self.losses.record(&letter.content, Reason::SendError);
        }
        spool::remove(letter);
        Attempt::Over
    }

    /// Leaves out what a smaller envelope can do without. False where nothing can be spared, or is gone already.
    fn reduce(&self, letter: &mut Letter) -> bool {
        let Some((smaller, dropped)) = shrink(letter) else { return false };
        tracing::warn!("Sentry finds an envelope too large: it is sent once more with less in it");
        self.losses.record(&dropped, Reason::SendError);
        *letter = smaller;
        true
    }

    fn settle(&self, fate: Fate) {
        if let Some(stale) = self.lanes.settle(fate) {
            self.lose(&stale, Reason::RateLimited);
        }
    }

    /// Gives a letter up, and counts it.
    fn lose(&self, letter: &Letter, reason: Reason) {
        self.losses.record(&letter.content, reason);
        spool::remove(letter);
    }
}

enum Attempt {
    /// Delivered, refused or lost, and counted.
    Over,
    /// To be tried again.
    Again,
}

/// A letter under way: one that is interrupted goes back to where it was.
struct Sending<'a> {
    sender: &'a Sender,
    letter: Option<Letter>,
}

impl Drop for Sending<'_> {
    fn drop(&mut self) {
        if let Some(letter) = self.letter.take() {
            self.sender.settle(Fate::Back(letter));
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

/// Requests go first where the processor is short: what is told of them can wait. Then this thread has a tenth of it,
/// and is not switched to for each envelope.
fn yield_to_requests() {
    #[cfg(target_os = "linux")]
    // SAFETY: both read their arguments only; on Linux a process id of 0 means the calling thread.
    unsafe {
        libc::setpriority(libc::PRIO_PROCESS, 0, 10);
        libc::sched_setscheduler(0, libc::SCHED_BATCH, &libc::sched_param { sched_priority: 0 });
    }
}
