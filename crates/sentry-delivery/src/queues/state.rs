//! What waits, what is under way, and what comes next.

use std::time::Instant;

use super::super::category::Category;
use super::super::circuit_breaker::{CircuitBreaker, Permit};
use super::super::envelope::QueuedEnvelope;
use super::super::limits::{Limits, WORTH_WAITING};
use super::queue::Queue;

/// What all queues share.
#[derive(Default)]
pub(super) struct State {
    pub(super) queues: [Queue; Category::ALL.len()],
    pub(super) limits: Limits,
    pub(super) breaker: CircuitBreaker,
    pub(super) in_flight: usize,
    /// Connections that wait for something to do.
    pub(super) idle: usize,
    pub(super) phase: Phase,
    pub(super) encoder: Encoder,
    pub(super) encoder_must_stop: bool,
}

/// The thread that makes errors ready for the wire.
#[derive(Default, Clone, Copy, PartialEq)]
pub(super) enum Encoder {
    /// There is none: the connections do it themselves.
    #[default]
    Missing,
    /// It has nothing to do, and is to be woken.
    Waits,
    /// It has one, or will look for one.
    Works,
}

/// The phase of the transport.
#[derive(Default, Clone, Copy, PartialEq)]
pub(super) enum Phase {
    #[default]
    Open,
    /// Nothing more comes in; what is there is handed out for a while.
    Closing(Closing),
    /// The sender has ended; false where something was lost at the end.
    Finished(bool),
}

/// The end, in steps.
#[derive(Clone, Copy, PartialEq)]
pub(in super::super) struct Closing {
    /// Until here, envelopes are handed out to be sent.
    pub(in super::super) send_until: Instant,
    /// Until here, those under way are waited for.
    pub(in super::super) wait_until: Instant,
    /// By now, everything must be over.
    pub(in super::super) deadline: Instant,
}

/// What a connection is to do next.
pub(super) enum Next {
    Send(QueuedEnvelope),
    /// Nothing before this moment, unless something arrives.
    Wait(Option<Instant>),
    End,
}

impl State {
    pub(super) fn queue(&mut self, category: Category) -> &mut Queue {
        &mut self.queues[category as usize]
    }

    pub(super) fn is_idle(&self) -> bool {
        self.in_flight == 0 && self.is_empty()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queues.iter().all(Queue::is_empty)
    }

    pub(super) fn is_for_encoder(&self, queued: &QueuedEnvelope) -> bool {
        let is_ready = matches!(queued, QueuedEnvelope::Encoded(_));
        self.encoder != Encoder::Missing && !is_ready && queued.category() == Category::Error
    }

    pub(super) fn next(&mut self, now: Instant) -> Next {
        let end = match self.phase {
            Phase::Open => None,
            Phase::Closing(Closing { send_until, .. }) if send_until > now && self.has_more() => {
                Some(send_until)
            }
            Phase::Closing(_) | Phase::Finished(_) => return Next::End,
        };
        let (category, limited_until) = self.first_allowed(now);
        let wait = match (category, limited_until) {
            (None, until) => until,
            (Some(category), _) => match self.breaker.enter(now) {
                Permit::Denied(until) => until,
                Permit::Granted => match self.hand_out(category) {
                    Some(queued) => {
                        self.in_flight += 1;
                        return Next::Send(queued);
                    }
                    None => None,
                },
            },
        };
        self.idle += 1;
        // At the end, waiting for a limit or a server is waiting for the end.
        Next::Wait([wait, end].into_iter().flatten().min())
    }

    /// Is there something to hand out, now or soon?
    fn has_more(&self) -> bool {
        !self.is_empty() || self.encoder == Encoder::Works
    }

    /// Errors are made ready by the encoder, if there is one.
    fn leaves_unready(&self, category: Category) -> bool {
        category == Category::Error && self.encoder != Encoder::Missing
    }

    fn hand_out(&mut self, category: Category) -> Option<QueuedEnvelope> {
        if self.leaves_unready(category) {
            return self.queue(category).pop_ready().map(QueuedEnvelope::Encoded);
        }
        self.queue(category).pop()
    }

    /// The most important category with something to send that the server would take; else when to look again.
    fn first_allowed(&self, now: Instant) -> (Option<Category>, Option<Instant>) {
        let mut again: Option<Instant> = None;
        for category in Category::ALL {
            let queue = &self.queues[category as usize];
            if queue.is_empty() || self.leaves_unready(category) && !queue.has_ready() {
                continue;
            }
            match self.limits.until(category, now) {
                None => return (Some(category), None),
                Some(until) => again = Some(again.map_or(until, |again| again.min(until))),
            }
        }
        (None, again)
    }

    pub(super) fn has_nothing_to_send(&self, now: Instant) -> bool {
        self.first_allowed(now).0.is_none()
    }

    /// Takes what waits for the end of a limit that is too long.
    pub(super) fn take_stale(&mut self, now: Instant) -> Vec<QueuedEnvelope> {
        let mut stale = Vec::new();
        for category in Category::ALL {
            if self.limits.left(category.name(), now).is_some_and(|left| left > WORTH_WAITING) {
                let queue = self.queue(category);
                stale.extend(std::iter::from_fn(|| queue.pop()));
            }
        }
        stale
    }
}
