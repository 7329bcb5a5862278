//! Everything that is held, behind one short lock.

mod state;

use std::sync::{Mutex, PoisonError};

use actix_web::web::Bytes;
use tokio::sync::watch;

use crate::debug_files::DebugFiles;
use crate::envelope::{self, BadEnvelope};
use crate::envelopes::{Arrival, Outcome, Outline};
use crate::issue::{Issue, IssueStatus};
use crate::received::understand;
use crate::releases::Releases;

pub(crate) use state::State;

/// Most log entries and most metrics that are kept.
pub(crate) const MAX_SMALL: usize = 10_000;

/// How much is kept; the oldest goes first.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Events.
    pub events: usize,
    /// Transactions.
    pub transactions: usize,
    /// Bytes of memory of events, transactions, spans, logs, metrics, issues and profiles together: where it is exceeded,
    /// the oldest of what takes most of it goes.
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { events: 20_000, transactions: 20_000, bytes: 384 * 1024 * 1024 }
    }
}

#[derive(Debug)]
pub(crate) struct Store {
    state: Mutex<State>,
    version: watch::Sender<u64>,
}

/// An envelope of which at least something was kept.
#[derive(Debug)]
pub(crate) struct Accepted {
    /// The id of its event or transaction, if it has one.
    pub(crate) event_id: Option<String>,
    /// Why some of its items were not kept.
    pub(crate) refused: Vec<BadEnvelope>,
}

impl Store {
    pub(crate) fn new(limits: Limits, keep_raw: bool) -> Self {
        Self { state: Mutex::new(State::new(limits, keep_raw)), version: watch::Sender::default() }
    }

    pub(crate) fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reported of each change.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    /// Stores the items of an envelope that can be understood; an error where there are items, and none of them can.
    pub(crate) fn accept(&self, arrival: &Arrival, body: Bytes) -> Result<Accepted, BadEnvelope> {
        // Understood before the lock is taken.
        let project = &arrival.project;
        let mut outline = Outline::default();
        let understood = envelope::parse(&body).and_then(|envelope| {
            outline = Outline::of(&envelope);
            understand(project, envelope)
        });
        let understood = understood.map_err(|bad| vec![bad]).and_then(|mut it| {
            if it.items.is_empty() && !it.refused.is_empty() {
                Err(std::mem::take(&mut it.refused))
            } else {
                Ok(it)
            }
        });
        let refused = understood.as_ref().map_or_else(Vec::as_slice, |it| it.refused.as_slice());
        let reasons = refused.iter().map(|bad| (bad.item(), bad.to_string())).collect();
        let outcome = Outcome { outline, reasons, accepted: understood.is_ok() };
        self.change(|state| {
            state.envelopes.push(arrival, Some(&body), outcome);
            match understood {
                Ok(mut understood) => {
                    let refused = std::mem::take(&mut understood.refused);
                    state.refuse(project, refused.iter().map(ToString::to_string), true);
                    Ok(Accepted { event_id: state.store(understood, body), refused })
                }
                Err(bad) => {
                    state.rejected += 1;
                    state.refuse(project, bad.iter().map(ToString::to_string), false);
                    Err(bad.into_iter().next().unwrap_or(BadEnvelope::Empty))
                }
            }
        })
    }

    /// Counts an envelope that was refused unread.
    pub(crate) fn refuse(&self, arrival: &Arrival, reason: &str) {
        let outcome = Outcome { reasons: vec![(None, reason.to_owned())], ..Outcome::default() };
        self.change(|state| {
            state.rejected += 1;
            state.refuse(&arrival.project, [reason.to_owned()], false);
            state.envelopes.push(arrival, None, outcome);
        });
    }

    /// Forgets everything, the counters too.
    pub(crate) fn clear(&self) {
        self.change(State::clear);
    }

    /// Forgets the issues, their events, and what came with these.
    pub(crate) fn clear_issues(&self) {
        self.change(State::clear_issues);
    }

    /// What somebody has decided of an issue; `None` if it is not held.
    pub(crate) fn decide(&self, id: &str, status: IssueStatus) -> Option<Issue> {
        self.change(|state| state.issues.decide(id, status))
    }

    /// Makes or changes releases.
    pub(crate) fn change_releases<T>(&self, change: impl FnOnce(&mut Releases) -> T) -> T {
        self.change(|state| change(&mut state.releases))
    }

    /// Takes debug files.
    pub(crate) fn change_debug_files<T>(&self, change: impl FnOnce(&mut DebugFiles) -> T) -> T {
        self.change(|state| change(&mut state.debug_files))
    }

    /// Marks what is late by now. That is a change only where something is.
    pub(crate) fn pass_time(&self, now: f64) {
        if self.read(|state| state.monitors.is_due(now)) {
            self.change(|state| state.monitors.pass_time(now));
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = change(&mut state);
        state.version += 1;
        self.version.send_replace(state.version);
        outcome
    }
}
