//! A service that the page shows: where it is, how it is, and what it promises.

use std::collections::{BTreeMap, VecDeque};

use inbox::timestamp;
use scenario::listing::{Entry, Listing};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::point::Point;
use crate::supervisor::Notice;

/// Most entries of its history that are kept: terminations, restarts, deployments.
const MARKS: usize = 50;

/// Longest text about a termination that is kept, characters.
const LONGEST: usize = 2_000;

/// A service.
#[derive(Debug, Clone, Serialize)]
pub struct KnownService {
    /// Its name; its address until its catalogue has been read.
    pub name: String,
    /// Where it is, without a slash at the end.
    pub url: String,
    /// How it is.
    pub state: ServiceState,
    /// Since when, seconds since 1970.
    pub since: f64,
    /// Its version, where it is known.
    pub version: Option<String>,
    /// Its process, where this one has started it.
    pub pid: Option<u32>,
    /// How often it was started again.
    pub restarts: u32,
    /// How it ended the last time, or why it does not start.
    pub why: Option<Why>,
    /// The last of what happened to it.
    pub marks: VecDeque<Mark>,
    /// Its dependencies and their states, as it says.
    pub dependencies: BTreeMap<String, String>,
    /// Rises with each change of its catalogue.
    pub catalogue: u64,
    /// What of its scenarios is still held, by their ids.
    pub held: BTreeMap<String, Value>,
    /// Its catalogue, with the promises that hold for it now.
    #[serde(skip)]
    pub listing: Option<Listing>,
    /// Its figures, oldest first.
    #[serde(skip)]
    pub points: VecDeque<Point>,
}

/// How a service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceState {
    /// It has not answered yet.
    Starting,
    /// It answers.
    Serving,
    /// It does not answer any more.
    Down,
    /// It will not be started again.
    GivenUp,
}

/// Why a service is not there, or was not.
#[derive(Debug, Clone, Serialize)]
pub struct Why {
    /// When, seconds since 1970.
    pub at: f64,
    /// In one line.
    pub how: String,
    /// The last lines that it wrote.
    pub output_tail: Vec<String>,
    /// When it is started again, seconds since 1970.
    pub back_at: Option<f64>,
}

/// Something that happened to a service.
#[derive(Debug, Clone, Serialize)]
pub struct Mark {
    /// When, seconds since 1970.
    pub at: f64,
    /// What.
    pub text: String,
    /// Of which kind that is.
    pub kind: MarkKind,
}

/// What happens to a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkKind {
    /// It is gone, or silent.
    Died,
    /// It is there again.
    Back,
    /// Another version of it was deployed.
    Deployed,
}

impl KnownService {
    /// A service at that URL that has not answered yet.
    pub fn new(name: &str, url: String, version: Option<String>) -> Self {
        Self {
            name: name.to_owned(),
            url,
            state: ServiceState::Starting,
            since: timestamp::now(),
            version,
            pid: None,
            restarts: 0,
            why: None,
            marks: VecDeque::new(),
            dependencies: BTreeMap::new(),
            catalogue: 0,
            held: BTreeMap::new(),
            listing: None,
            points: VecDeque::new(),
        }
    }

    /// The scenario of that id.
    pub fn scenario(&self, id: &str) -> Option<&Entry> {
        self.listing.as_ref()?.scenarios.iter().find(|entry| entry.id == id)
    }

    /// Notes what its supervisor says of it.
    pub fn note(&mut self, notice: &Notice) {
        let now = timestamp::now();
        match notice {
            Notice::Serving { pid, again, .. } => {
                self.pid = Some(*pid);
                self.restarts += u32::from(*again);
                self.becomes(ServiceState::Serving);
                if *again {
                    self.mark(MarkKind::Back, "it serves again".to_owned());
                }
            }
            Notice::Died { how, output_tail, restart_in, .. } => {
                let back_at = Some(now + restart_in.as_secs_f64());
                self.ended(ServiceState::Down, how, output_tail, back_at);
                self.mark(MarkKind::Died, format!("it died: {how}"));
            }
            Notice::NotStarted { reason, retry_in, .. } => {
                self.ended(ServiceState::Down, reason, &[], Some(now + retry_in.as_secs_f64()));
            }
            Notice::Deploying { .. } => {
                self.becomes(ServiceState::Starting);
                self.pid = None;
            }
            Notice::Frozen { silent_for, .. } => {
                let silent_for = silent_for.as_secs_f64();
                self.mark(MarkKind::Died, format!("it did not answer for {silent_for:.0} s, and was killed"));
            }
            Notice::GaveUp { reason, .. } => self.ended(ServiceState::GivenUp, reason, &[], None),
        }
    }

    /// Notes that it answers, or does not.
    pub fn becomes(&mut self, state: ServiceState) {
        if self.state != state {
            (self.state, self.since) = (state, timestamp::now());
        }
    }

    /// Notes that a service answers which nobody here has started.
    pub fn answers(&mut self) {
        if self.state == ServiceState::Down {
            self.restarts += 1;
            self.mark(MarkKind::Back, "it answers again".to_owned());
        }
        self.becomes(ServiceState::Serving);
    }

    /// Notes that such a service does not.
    pub fn is_silent(&mut self, reason: &str) {
        if self.state == ServiceState::Serving {
            self.mark(MarkKind::Died, format!("it does not answer: {reason}"));
        }
        if self.state != ServiceState::Down {
            self.ended(ServiceState::Down, reason, &[], None);
        }
    }

    /// Notes something that happened to it.
    pub fn mark(&mut self, kind: MarkKind, text: String) {
        self.marks.push_back(Mark { at: timestamp::now(), text: clipped(&text), kind });
        if self.marks.len() > MARKS {
            self.marks.pop_front();
        }
    }

    fn ended(&mut self, state: ServiceState, how: &str, output_tail: &[String], back_at: Option<f64>) {
        self.becomes(state);
        self.pid = None;
        let output_tail = output_tail.iter().map(|line| clipped(line)).collect();
        self.why = Some(Why { at: timestamp::now(), how: clipped(how), output_tail, back_at });
    }

    /// Takes over what it promises and what it says of its dependencies.
    pub fn read(&mut self, listing: Listing, ready: &Value) {
        let state = |(name, state): (&String, &Value)| Some((name.clone(), state.as_str()?.to_owned()));
        let dependencies = ready.as_object().into_iter().flatten().filter(|(name, _)| *name != "status");
        self.dependencies = dependencies.filter_map(state).collect();
        let reached = |state: Option<&String>| state.is_none_or(|state| state == "up");
        let listing =
            if reached(self.dependencies.get("mongodb")) { listing } else { listing.without_database() };
        let held = |entry: &Entry| Some((entry.id.clone(), entry.active.clone()?));
        self.held = listing.scenarios.iter().filter_map(held).collect();
        self.name.clone_from(&listing.service);
        let listing = without_held(listing);
        if self.listing.as_ref() != Some(&listing) {
            self.listing = Some(listing);
            self.catalogue += 1;
        }
    }
}

/// What is held changes while the catalogue stays the same.
fn without_held(mut listing: Listing) -> Listing {
    listing.scenarios.iter_mut().for_each(|entry| entry.active = None);
    listing
}

/// As much of a text as is kept.
pub(super) fn clipped(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}
