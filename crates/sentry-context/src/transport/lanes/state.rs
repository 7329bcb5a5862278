//! What waits, what is under way, and what comes next.

use std::time::Instant;

use super::super::category::Category;
use super::super::letter::Parcel;
use super::super::limits::{Limits, WORTH_WAITING};
use super::super::outage::{Gate, Outage};
use super::lane::Lane;

/// What all lanes share.
#[derive(Default)]
pub(super) struct State {
    pub(super) lanes: [Lane; Category::ALL.len()],
    pub(super) limits: Limits,
    pub(super) outage: Outage,
    pub(super) in_flight: usize,
    /// Connections that wait for something to do.
    pub(super) idle: usize,
    pub(super) phase: Phase,
    pub(super) finisher: Finisher,
    pub(super) finisher_must_go: bool,
}

/// The thread that makes errors ready for the wire.
#[derive(Default, Clone, Copy, PartialEq)]
pub(super) enum Finisher {
    /// There is none: the connections do it themselves.
    #[default]
    Missing,
    /// It has nothing to do, and is to be woken.
    Waits,
    /// It has one, or will look for one.
    Works,
}

/// Where in its life the transport is.
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
    Send(Parcel),
    /// Nothing before this moment, unless something arrives.
    Wait(Option<Instant>),
    End,
}

impl State {
    pub(super) fn lane(&mut self, category: Category) -> &mut Lane {
        &mut self.lanes[category as usize]
    }

    pub(super) fn is_idle(&self) -> bool {
        self.in_flight == 0 && self.is_empty()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lanes.iter().all(Lane::is_empty)
    }

    pub(super) fn is_for_finisher(&self, parcel: &Parcel) -> bool {
        let is_ready = matches!(parcel, Parcel::Letter(_));
        self.finisher != Finisher::Missing && !is_ready && parcel.category() == Category::Error
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
            (Some(category), _) => match self.outage.enter(now) {
                Gate::Shut(until) => until,
                Gate::Open => match self.hand_out(category) {
                    Some(parcel) => {
                        self.in_flight += 1;
                        return Next::Send(parcel);
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
        !self.is_empty() || self.finisher == Finisher::Works
    }

    /// Errors are made ready by the finisher, if there is one.
    fn leaves_unready(&self, category: Category) -> bool {
        category == Category::Error && self.finisher != Finisher::Missing
    }

    fn hand_out(&mut self, category: Category) -> Option<Parcel> {
        if self.leaves_unready(category) {
            return self.lane(category).pop_ready().map(Parcel::Letter);
        }
        self.lane(category).pop()
    }

    /// The most important category with something to send that the server would take; else when to look again.
    fn first_allowed(&self, now: Instant) -> (Option<Category>, Option<Instant>) {
        let mut again: Option<Instant> = None;
        for category in Category::ALL {
            let lane = &self.lanes[category as usize];
            if lane.is_empty() || self.leaves_unready(category) && !lane.has_ready() {
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
    pub(super) fn take_stale(&mut self, now: Instant) -> Vec<Parcel> {
        let mut stale = Vec::new();
        for category in Category::ALL {
            if self.limits.left(category.name(), now).is_some_and(|left| left > WORTH_WAITING) {
                let lane = self.lane(category);
                stale.extend(std::iter::from_fn(|| lane.pop()));
            }
        }
        stale
    }
}
