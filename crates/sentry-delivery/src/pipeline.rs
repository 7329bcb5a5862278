//! The way of an envelope: intake, encoder, outbox, connection. Each step has a lock of its own; an envelope is in one of
//! them, or delivered, or discarded and counted.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sentry::Envelope;

use crate::category::Category;
use crate::circuit_breaker::{CircuitBreaker, Permit};
use crate::client_reports::{ClientReports, Reason};
use crate::envelope::{EncodedEnvelope, NewEnvelope};
use crate::http::Answer;
use crate::intake::Intake;
use crate::limits::Limits;
use crate::outbox::Outbox;
use crate::room::{Room, Waiting};
use crate::shutdown::{Shutdown, Steps};
use crate::spool;

/// What the threads that report, those that encode and the one that sends share.
#[derive(Default)]
pub(crate) struct Pipeline {
    pub(crate) room: Arc<Room>,
    /// Errors are encoded on a thread of their own.
    pub(crate) errors: Intake,
    pub(crate) others: Intake,
    pub(crate) outbox: Outbox,
    pub(crate) limits: Limits,
    pub(crate) breaker: CircuitBreaker,
    pub(crate) client_reports: ClientReports,
    pub(crate) shutdown: Shutdown,
}

/// What a connection is to do next.
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
        let category = new.category();
        if category == Category::ProfileChunk && self.room.is_crowded() {
            return self.client_reports.record(&new.content(), Reason::Backpressure);
        }
        if self.limits.is_long(category, Instant::now()) {
            return self.client_reports.record(&new.content(), Reason::RateLimited);
        }
        let Some(share) = self.room.take(category, new.weight()) else {
            return self.client_reports.record(&new.content(), Reason::QueueOverflow);
        };
        let intake = if category == Category::Error { &self.errors } else { &self.others };
        if let Err(refused) = intake.push(Waiting { envelope: new, share }) {
            self.client_reports.record(&refused.envelope.content(), Reason::QueueOverflow);
        }
    }

    /// Puts an encoded envelope into the outbox, for the first time or again.
    pub(crate) fn queue(&self, encoded: Waiting<EncodedEnvelope>) {
        let category = encoded.share.category;
        self.outbox.push(encoded);
        // Looked at afterwards: a limit that began before has missed this one, a later one does not.
        if self.limits.is_long(category, Instant::now()) {
            self.discard_all(category, Reason::RateLimited);
        }
    }

    /// The next envelope by importance; `None` at the end.
    pub(crate) async fn next(&self) -> Option<Waiting<EncodedEnvelope>> {
        loop {
            let (mut changed, mut emptied) =
                (pin!(self.outbox.changed.notified()), pin!(self.room.emptied.notified()));
            changed.as_mut().enable();
            emptied.as_mut().enable();
            let until = match self.next_now(Instant::now()) {
                Next::Send(encoded) => return Some(*encoded),
                Next::End => return None,
                Next::Wait(until) => until,
            };
            let woken = async {
                tokio::select! { () = changed => {}, () = emptied => {} }
            };
            match until {
                None => woken.await,
                Some(until) => drop(tokio::time::timeout_at(until.into(), woken).await),
            }
        }
    }

    pub(crate) fn next_now(&self, now: Instant) -> Next {
        // At the end, waiting for a limit or a server is waiting for the end.
        let mut wait = match self.shutdown.steps() {
            None => None,
            Some(steps) if steps.send_until > now && !self.room.is_empty() => Some(steps.send_until),
            Some(_) => return Next::End,
        };
        let earlier = |wait: Option<Instant>, until| Some(wait.map_or(until, |wait| wait.min(until)));
        for category in self.outbox.categories() {
            if let Some(until) = self.limits.until(category, now) {
                wait = earlier(wait, until);
                continue;
            }
            match self.breaker.enter(now) {
                Permit::Denied(Some(until)) => return Next::Wait(earlier(wait, until)),
                Permit::Denied(None) => return Next::Wait(wait),
                Permit::Granted => {}
            }
            match self.outbox.pop(category) {
                Some(encoded) => return Next::Send(Box::new(encoded)),
                None => self.breaker.release_permit(),
            }
        }
        Next::Wait(wait)
    }

    /// The server answered, so the outage, if there was one, is over. Discards what its limits make stale.
    pub(crate) fn reached(&self, answer: &Answer) {
        if self.breaker.close() {
            self.outbox.changed.notify_waiters();
        }
        if self.limits.update(answer) {
            let now = Instant::now();
            let long = |category: &Category| self.limits.is_long(*category, now);
            Category::queued()
                .filter(long)
                .for_each(|category| self.discard_all(category, Reason::RateLimited));
        }
    }

    /// The server could not be reached, or is in trouble. True where it was well until now.
    pub(crate) fn failed(&self) -> bool {
        let is_news = self.breaker.failed(Instant::now());
        self.outbox.changed.notify_waiters();
        is_news
    }

    /// Is there an outage that nothing which waits would find the end of? Then the caller is to find out, and to call
    /// [`Self::reached`] or [`Self::failed`].
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

    /// Profile chunks make way where a queue of anything else is crowded.
    pub(crate) fn make_way(&self) {
        if self.room.is_crowded() {
            self.discard_all(Category::ProfileChunk, Reason::Backpressure);
        }
    }

    fn discard_all(&self, category: Category, reason: Reason) {
        for intake in [&self.errors, &self.others] {
            for new in intake.remove(category) {
                self.client_reports.record(&new.envelope.content(), reason);
            }
        }
        for encoded in self.outbox.remove(category) {
            self.discard(&encoded.envelope, reason);
        }
    }

    /// Lets nothing more in, and begins the end.
    pub(crate) fn close(&self, timeout: Duration, has_spool: bool) {
        let now = Instant::now();
        let is_hopeless = has_spool && self.outage_age().is_some();
        self.shutdown.begin(Steps::new(now, timeout, self.errors.len(), is_hopeless));
        self.errors.close();
        self.others.close();
        self.breaker.hurry(now);
        self.outbox.changed.notify_waiters();
    }
}

#[cfg(test)]
mod model;
