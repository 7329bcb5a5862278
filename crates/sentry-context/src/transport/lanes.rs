//! The queues between the request path and the senders.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sentry::Envelope;
use sentry::protocol::EnvelopeItem;
use tokio::sync::Notify;

/// Bounds by count, most important lane first: errors, sessions and reports; transactions; the rest.
const CAPACITY: [usize; 3] = [20_000, 10_000, 1_000];

#[derive(Default)]
pub(super) struct Lanes {
    state: Mutex<State>,
    /// Wakes senders.
    arrived: Notify,
    /// Wakes whoever waits for delivery.
    settled: Condvar,
}

#[derive(Default)]
struct State {
    lanes: [VecDeque<Envelope>; 3],
    in_flight: usize,
    closed: bool,
}

impl Lanes {
    /// Queues an envelope in its lane; gives it back where the lane is full or closed.
    pub(super) fn push(&self, envelope: Envelope) -> Result<(), Box<Envelope>> {
        let lane = importance(&envelope);
        let mut state = self.lock();
        if state.closed || state.lanes[lane].len() >= CAPACITY[lane] {
            return Err(Box::new(envelope));
        }
        state.lanes[lane].push_back(envelope);
        drop(state);
        self.arrived.notify_one();
        Ok(())
    }

    /// The next envelope by importance; `None` once closed. Each must be [`Self::done`].
    pub(super) async fn next(&self) -> Option<Envelope> {
        loop {
            let arrived = self.arrived.notified();
            {
                let mut state = self.lock();
                if state.closed {
                    return None;
                }
                if let Some(envelope) = state.lanes.iter_mut().find_map(VecDeque::pop_front) {
                    state.in_flight += 1;
                    return Some(envelope);
                }
            }
            arrived.await;
        }
    }

    /// Marks one envelope as delivered or given up.
    pub(super) fn done(&self) {
        let mut state = self.lock();
        state.in_flight -= 1;
        if state.is_idle() {
            self.settled.notify_all();
        }
    }

    /// Waits until nothing is queued or in flight; false if that took too long.
    pub(super) fn wait_idle(&self, timeout: Duration) -> bool {
        let deadline = Instant::now() + timeout;
        let mut state = self.lock();
        while !state.is_idle() {
            let Some(left) = deadline.checked_duration_since(Instant::now()) else { return false };
            state = self.settled.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// Ends the senders once they look next.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_waiters();
        // A sender that is about to wait has not registered yet; leave it a permit.
        self.arrived.notify_one();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_idle(&self) -> bool {
        self.in_flight == 0 && self.lanes.iter().all(VecDeque::is_empty)
    }
}

/// The lane of an envelope: that of its most important item.
fn importance(envelope: &Envelope) -> usize {
    let item = |item: &EnvelopeItem| match item {
        EnvelopeItem::Event(_)
        | EnvelopeItem::SessionUpdate(_)
        | EnvelopeItem::SessionAggregates(_)
        | EnvelopeItem::ClientReport(_) => 0,
        EnvelopeItem::Transaction(_) => 1,
        _ => 2,
    };
    envelope.items().map(item).min().unwrap_or(2)
}
