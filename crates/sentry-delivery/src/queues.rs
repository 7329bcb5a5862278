//! The queues between the request path and the connections: one for each category, the most important first.

mod queue;
mod state;

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::category::Category;
use super::circuit_breaker::Permit;
use super::client_reports::Reason;
use super::envelope::{EncodedEnvelope, QueuedEnvelope};
use super::http::Answer;
use super::limits::WORTH_WAITING;
use queue::Queue;
pub(super) use state::Closing;
use state::{Encoder, Next, Phase, State};

/// Everything that waits, and what it waits for.
#[derive(Default)]
pub(super) struct Queues {
    state: Mutex<State>,
    /// Wakes connections.
    arrived: Notify,
    /// Wakes whoever waits for delivery.
    settled: Condvar,
    /// Wakes those that wait for the end.
    closing: Notify,
    /// Wakes the encoder.
    unready: Condvar,
}

/// What has become of an envelope that was taken out.
pub(super) enum Disposition {
    /// It is delivered, or lost and counted.
    Settled,
    /// It goes back into its queue.
    Back(EncodedEnvelope),
}

impl Queues {
    /// Queues something; gives it back where it cannot be kept, and why.
    pub(super) fn push(&self, queued: QueuedEnvelope) -> Result<(), (Box<QueuedEnvelope>, Reason)> {
        let (category, weight) = (queued.category(), queued.weight());
        let mut state = self.lock();
        if state.phase != Phase::Open {
            return Err((Box::new(queued), Reason::QueueOverflow));
        }
        if state.limits.left(category.name(), Instant::now()).is_some_and(|left| left > WORTH_WAITING) {
            return Err((Box::new(queued), Reason::RateLimited));
        }
        let is_for_encoder = state.is_for_encoder(&queued);
        let pushed = state.queue(category).push(queued, weight, category.bounds());
        pushed.map_err(|queued| (queued, Reason::QueueOverflow))?;
        // Waking costs a system call; who is busy will look anyway.
        if !is_for_encoder && state.idle > 0 {
            drop(state);
            self.arrived.notify_one();
        } else if is_for_encoder && state.encoder == Encoder::Waits {
            state.encoder = Encoder::Works;
            drop(state);
            self.unready.notify_one();
        }
        Ok(())
    }

    /// The next envelope by importance; `None` at the end. Each must be [`Self::settle`]d.
    pub(super) async fn next(&self) -> Option<QueuedEnvelope> {
        loop {
            let mut arrived = std::pin::pin!(self.arrived.notified());
            arrived.as_mut().enable();
            let next = self.lock().next(Instant::now());
            match next {
                Next::Send(queued) => return Some(queued),
                Next::End => {
                    // Whoever still waits must see the end, too.
                    self.arrived.notify_waiters();
                    return None;
                }
                Next::Wait(None) => arrived.await,
                Next::Wait(Some(until)) => {
                    let _ = tokio::time::timeout_at(until.into(), arrived).await;
                }
            }
            self.lock().idle -= 1;
        }
    }

    /// What is not ready for the wire yet, and will be smaller so; for making it ready ahead of time. Put it back with
    /// [`Self::settle`].
    pub(super) fn next_unready(&self) -> Option<QueuedEnvelope> {
        let mut state = self.lock();
        let worth_it = [Category::Log, Category::Metric];
        let queued = worth_it.into_iter().find_map(|category| state.queue(category).pop_unready())?;
        state.in_flight += 1;
        Some(queued)
    }

    /// Waits for an error that is to be made ready for the wire; `None` at the end. Each must be [`Self::settle`]d. From
    /// the first call on, [`Self::next`] hands out no such, until [`Self::encoder_stopped`].
    pub(super) fn next_unready_error(&self) -> Option<QueuedEnvelope> {
        let mut state = self.lock();
        while !state.encoder_must_stop {
            if let Some(queued) = state.queue(Category::Error).pop_unready() {
                state.encoder = Encoder::Works;
                state.in_flight += 1;
                return Some(queued);
            }
            state.encoder = Encoder::Waits;
            if state.phase != Phase::Open {
                // Nothing more will come of it: who has waited for that may see the end.
                self.arrived.notify_waiters();
            }
            state = self.unready.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        None
    }

    /// Nobody calls [`Self::next_unready_error`] any more.
    pub(super) fn encoder_stopped(&self) {
        self.lock().encoder = Encoder::Missing;
        self.settled.notify_all();
        self.arrived.notify_waiters();
    }

    /// Ends what [`Self::next`] began. Gives an envelope back that is not worth its wait any more: a limit that began
    /// meanwhile has taken out the others.
    #[must_use]
    pub(super) fn settle(&self, disposition: Disposition) -> Option<EncodedEnvelope> {
        let mut state = self.lock();
        state.in_flight -= 1;
        let mut stale = None;
        if let Disposition::Back(encoded) = disposition {
            let left = state.limits.left(encoded.category.name(), Instant::now());
            if left.is_none_or(|left| left <= WORTH_WAITING) {
                state.queue(encoded.category).put_back(encoded);
                drop(state);
                self.arrived.notify_one();
                return None;
            }
            stale = Some(encoded);
        }
        if state.is_idle() {
            self.settled.notify_all();
        }
        stale
    }

    /// The server answered, so the outage, if there was one, is over. Takes out what its limits make stale.
    pub(super) fn reached(&self, answer: &Answer) -> Vec<QueuedEnvelope> {
        let mut state = self.lock();
        let now = Instant::now();
        if state.breaker.age(now).is_some() {
            state.breaker.over();
            self.arrived.notify_waiters();
        }
        if state.limits.update(answer) { state.take_stale(now) } else { Vec::new() }
    }

    /// The server could not be reached, or is in trouble. True where it was well until now.
    pub(super) fn failed(&self) -> bool {
        let mut state = self.lock();
        let now = Instant::now();
        let news = state.breaker.age(now).is_none();
        let closing = state.phase != Phase::Open;
        state.breaker.failed(now, closing);
        drop(state);
        self.arrived.notify_waiters();
        news
    }

    /// What was taken to be sent will not be: the permit goes to another.
    pub(super) fn release_permit(&self) {
        self.lock().breaker.release_permit();
    }

    /// For how long the server has not answered.
    pub(super) fn outage_age(&self) -> Option<Duration> {
        self.lock().breaker.age(Instant::now())
    }

    /// Is there an outage that nothing which waits would find the end of? Then the caller is to find out, and to call
    /// [`Self::reached`] or [`Self::failed`].
    pub(super) fn may_probe(&self) -> bool {
        let (mut state, now) = (self.lock(), Instant::now());
        state.breaker.age(now).is_some()
            && state.has_nothing_to_send(now)
            && state.breaker.enter(now) == Permit::Granted
    }

    /// How full a queue is, 0 to 1, and whether the server wants nothing of it.
    pub(super) fn health(&self, category: Category) -> (f32, bool) {
        let mut state = self.lock();
        let limited = state.limits.left(category.name(), Instant::now()).is_some();
        (state.queue(category).fullness(category), limited)
    }

    /// Is nothing left of what was more than so many bytes at its peak? True once; the next peak counts from then.
    pub(super) fn are_empty_after(&self, bytes: usize) -> bool {
        let mut state = self.lock();
        let empty = state.is_idle() && state.queues.iter().map(Queue::peak).sum::<usize>() > bytes;
        if empty {
            state.queues.iter_mut().for_each(Queue::forget_peak);
        }
        empty
    }

    /// For how long the server wants nothing of a category.
    pub(super) fn limit_left(&self, name: &str) -> Option<Duration> {
        self.lock().limits.left(name, Instant::now())
    }

    /// Waits until nothing is queued or in flight; false if that took too long.
    pub(super) fn wait_idle(&self, timeout: Duration) -> bool {
        self.wait(Instant::now() + timeout, State::is_idle)
    }

    /// Lets nothing more in, and ends in steps; `steps` knows how many errors are not ready for the wire yet.
    pub(super) fn close(&self, steps: impl FnOnce(usize) -> Closing) {
        let mut state = self.lock();
        if state.phase == Phase::Open {
            let unready = state.queue(Category::Error).unready();
            state.phase = Phase::Closing(steps(unready));
            state.breaker.hurry(Instant::now());
        }
        drop(state);
        self.arrived.notify_waiters();
        // A connection that is about to wait has not registered yet; leave it a permit.
        self.arrived.notify_one();
        self.closing.notify_waiters();
    }

    /// Waits for the beginning of the end.
    pub(super) async fn closing(&self) -> Closing {
        loop {
            let mut begun = std::pin::pin!(self.closing.notified());
            begun.as_mut().enable();
            if let Phase::Closing(closing) = self.lock().phase {
                return closing;
            }
            begun.await;
        }
    }

    /// Takes everything that is left, also what is just being made ready, if that is done by then. False where it is
    /// not: one error is still with the thread that makes it ready.
    pub(super) fn drain(&self, deadline: Instant) -> (Vec<QueuedEnvelope>, bool) {
        self.lock().encoder_must_stop = true;
        self.unready.notify_all();
        let complete = self.wait(deadline, |state| state.encoder == Encoder::Missing);
        let mut state = self.lock();
        (state.queues.iter_mut().flat_map(|queue| std::iter::from_fn(|| queue.pop())).collect(), complete)
    }

    /// Takes an error out where they are beyond a share of their queue's bounds. [`Self::settle`] it.
    pub(super) fn take_excess_error(&self, share: f32) -> Option<QueuedEnvelope> {
        let mut state = self.lock();
        let queue = state.queue(Category::Error);
        let queued = (queue.fullness(Category::Error) > share).then(|| queue.pop()).flatten()?;
        state.in_flight += 1;
        Some(queued)
    }

    /// Reports whoever waits that the sender has ended, and whether it lost nothing at the end.
    pub(super) fn finish(&self, well: bool) {
        let mut state = self.lock();
        if !matches!(state.phase, Phase::Finished(_)) {
            state.phase = Phase::Finished(well);
        }
        state.encoder_must_stop = true;
        drop(state);
        self.unready.notify_all();
        self.settled.notify_all();
    }

    /// Waits until the sender has ended; false if that took too long, or something was lost.
    pub(super) fn wait_finished(&self, deadline: Instant) -> bool {
        self.wait_ended(deadline) && self.lock().phase == Phase::Finished(true)
    }

    /// The same, whatever was lost.
    pub(super) fn wait_ended(&self, deadline: Instant) -> bool {
        self.wait(deadline, |state| matches!(state.phase, Phase::Finished(_)))
    }

    fn wait(&self, deadline: Instant, holds: impl Fn(&State) -> bool) -> bool {
        let mut state = self.lock();
        while !holds(&state) {
            let Some(left) = deadline.checked_duration_since(Instant::now()) else { return false };
            state = self.settled.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
