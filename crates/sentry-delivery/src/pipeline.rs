//! The path of an envelope: intake, encoder, outbox, request. Each queue has its own lock. An envelope is in one of
//! these places, or delivered, or discarded and counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use sentry::Envelope;

use crate::backpressure::Backpressure;
use crate::category::Category;
use crate::circuit_breaker::{CircuitBreaker, Permit};
use crate::client_reports::{ClientReports, Reason};
use crate::envelope::{EncodedEnvelope, NewEnvelope};
use crate::http::Answer;
use crate::limits::Limits;
use crate::queues::Queues;
use crate::room::{Room, Waiting};
use crate::shutdown::{Shutdown, Steps};
use crate::spool;

/// What the threads that report, those that encode and the one that sends share.
#[derive(Default)]
pub(crate) struct Pipeline {
    pub(crate) room: Arc<Room>,
    /// Errors are encoded on a thread of their own.
    pub(crate) errors: Queues<NewEnvelope>,
    pub(crate) others: Queues<NewEnvelope>,
    pub(crate) outbox: Queues<EncodedEnvelope>,
    pub(crate) limits: Limits,
    pub(crate) breaker: CircuitBreaker,
    pub(crate) client_reports: Arc<ClientReports>,
    pub(crate) shutdown: Shutdown,
    /// Are errors kept on disk where the server is down?
    pub(crate) has_spool: bool,
    pub(crate) backpressure: Arc<Backpressure>,
    /// How long the server took for its latest answer, microseconds.
    pub(crate) answer_time: AtomicU64,
}

/// What the sender is to do next.
#[derive(Debug)]
pub(crate) enum Next {
    Send(Box<Waiting<EncodedEnvelope>>),
    /// Nothing before this moment, unless something changes.
    Wait(Option<Instant>),
    End,
}

impl Pipeline {
    /// Takes what the SDK hands over, or discards it.
    pub(crate) fn accept(&self, envelope: Envelope) {
        match NewEnvelope::of(envelope) {
            Ok(None) => {}
            Ok(Some(new)) => self.take_in(new),
            Err(error) => tracing::error!(%error, "an envelope cannot be read"),
        }
    }

    /// Takes an envelope, or discards it.
    pub(crate) fn take_in(&self, new: NewEnvelope) {
        let category = new.category;
        let intake = if category == Category::Error { &self.errors } else { &self.others };
        if category == Category::ProfileChunk && self.room.is_crowded() {
            self.client_reports.record(&new.content, Reason::Backpressure);
        } else if self.limits.is_long(category, Instant::now()) {
            self.client_reports.record(&new.content, Reason::RatelimitBackoff);
        } else if let Some(share) = self.room.take(category, new.weight()) {
            if let Err(refused) = intake.push(Waiting { envelope: new, share }) {
                self.client_reports.record(&refused.envelope.content, Reason::QueueOverflow);
            }
        } else {
            self.client_reports.record(&new.content, Reason::QueueOverflow);
        }
    }

    /// Puts an encoded envelope into the outbox, for the first time or again. It goes behind those that wait.
    pub(crate) fn queue(&self, encoded: Waiting<EncodedEnvelope>) {
        let category = encoded.share.category;
        // The outbox is never closed.
        let _ = self.outbox.push(encoded);
        // Looked at afterwards: a limit that began before has missed this one, a later one does not.
        if self.limits.is_long(category, Instant::now()) {
            self.discard_all(category, Reason::RatelimitBackoff);
        }
    }

    /// The next envelope by importance; `None` at the end.
    pub(crate) async fn next(&self) -> Option<Waiting<EncodedEnvelope>> {
        loop {
            let until = match self.next_now(Instant::now()) {
                Next::Send(encoded) => return Some(*encoded),
                Next::End => return None,
                Next::Wait(until) => until,
            };
            let changed = async {
                tokio::select! {
                    () = self.outbox.changed.notified() => {}
                    () = self.room.emptied.notified() => {}
                }
            };
            match until {
                None => changed.await,
                Some(until) => drop(tokio::time::timeout_at(until.into(), changed).await),
            }
        }
    }

    pub(crate) fn next_now(&self, now: Instant) -> Next {
        let mut wait = None;
        if let Some(steps) = self.shutdown.steps() {
            // A limit, or a server that is down, may last longer than the time that is left.
            let send_until = steps.send_until(self.answer_time());
            if send_until <= now || self.room.is_empty() {
                return Next::End;
            }
            wait = Some(send_until);
        }
        for category in self.outbox.categories() {
            if let Some(until) = self.limits.until(category, now) {
                wait = wait.into_iter().chain([until]).min();
                continue;
            }
            if let Permit::Denied(until) = self.breaker.enter(now) {
                return Next::Wait(wait.into_iter().chain(until).min());
            }
            match self.outbox.pop(category) {
                Some(encoded) => return Next::Send(Box::new(encoded)),
                None => self.breaker.release_permit(),
            }
        }
        Next::Wait(wait)
    }

    /// The server has answered, which ends an outage. Discards what its limits make stale.
    pub(crate) fn reached(&self, answer: &Answer) {
        self.answer_time.store(u64::try_from(answer.time.as_micros()).unwrap_or(u64::MAX), Relaxed);
        if self.breaker.close() {
            self.outbox.changed.notify_one();
        }
        if self.limits.update(answer) {
            let now = Instant::now();
            let long = Category::queued().filter(|category| self.limits.is_long(*category, now));
            long.for_each(|category| self.discard_all(category, Reason::RatelimitBackoff));
        }
    }

    /// How long the server took for its latest answer; zero before its first.
    pub(crate) fn answer_time(&self) -> Duration {
        Duration::from_micros(self.answer_time.load(Relaxed))
    }

    /// The server could not be reached, or is in trouble. True if it was well until now.
    pub(crate) fn failed(&self) -> bool {
        let is_news = self.breaker.failed(Instant::now());
        self.outbox.changed.notify_one();
        is_news
    }

    /// Is the server down, and does nothing wait that may find out whether it is back? Then the caller holds a permit to
    /// find out, and calls [`Self::reached`] or [`Self::failed`].
    pub(crate) fn may_probe(&self) -> bool {
        let now = Instant::now();
        let is_allowed = |category| self.limits.until(category, now).is_none();
        self.outage_age().is_some()
            && !self.outbox.categories().any(is_allowed)
            && self.breaker.enter(now) == Permit::Granted
    }

    /// For how long the server has not answered.
    pub(crate) fn outage_age(&self) -> Option<Duration> {
        self.breaker.outage_age(Instant::now())
    }

    /// Gives an encoded envelope up, and counts it.
    pub(crate) fn discard(&self, encoded: &EncodedEnvelope, reason: Reason) {
        self.client_reports.record(&encoded.content, reason);
        spool::remove(encoded);
    }

    /// Discards profile chunks where a queue of anything else is crowded.
    pub(crate) fn make_way(&self) {
        if self.room.is_crowded() {
            self.discard_all(Category::ProfileChunk, Reason::Backpressure);
        }
    }

    fn discard_all(&self, category: Category, reason: Reason) {
        for new in self.errors.remove(category).into_iter().chain(self.others.remove(category)) {
            self.client_reports.record(&new.envelope.content, reason);
        }
        for encoded in self.outbox.remove(category) {
            self.discard(&encoded.envelope, reason);
        }
    }

    /// Lets nothing more in, and begins the shutdown.
    pub(crate) fn close(&self, timeout: Duration) {
        let now = Instant::now();
        let is_hopeless = self.has_spool && self.outage_age().is_some();
        // The encoder of errors goes on with the others once errors are closed.
        self.others.close();
        self.errors.close();
        self.breaker.hurry(now);
        self.shutdown.begin(Steps::new(now, timeout, self.errors.len(), is_hopeless));
        self.outbox.changed.notify_one();
    }

    /// Takes what is not encoded yet.
    pub(crate) fn not_encoded(&self) -> Vec<Waiting<NewEnvelope>> {
        let of = |category| [self.errors.remove(category), self.others.remove(category)];
        Category::queued().flat_map(of).flatten().collect()
    }
}

#[cfg(test)]
mod model;
