//! When the events of an issue happened, and in which releases. It outlives events that are forgotten.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::received::Event;
use crate::weight::Weigh;

/// Most minutes with an event that are remembered.
const MAX_MINUTES: usize = 240;

/// Most releases that are remembered: the one that was seen least recently goes first.
const MAX_RELEASES: usize = 50;

/// A release in which an issue was seen.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SeenRelease {
    /// `NAME@VERSION`; none where events name none.
    pub release: Option<String>,
    /// How many events.
    pub count: u64,
    /// The first and the last, seconds since 1970.
    pub first_seen: f64,
    /// The last one.
    pub last_seen: f64,
}

#[derive(Debug, Default)]
pub(crate) struct History {
    /// The start of a minute, seconds since 1970, and how many events it had.
    minutes: VecDeque<(u64, u32)>,
    /// The one seen last is the last.
    releases: Vec<SeenRelease>,
}

impl History {
    pub(crate) fn add(&mut self, event: &Event) {
        let at = event.summary.received_at;
        let minute = at as u64 / 60 * 60;
        match self.minutes.back_mut() {
            Some((latest, count)) if *latest >= minute => *count = count.saturating_add(1),
            _ => self.minutes.push_back((minute, 1)),
        }
        if self.minutes.len() > MAX_MINUTES {
            self.minutes.pop_front();
        }
        let mut seen = match self.releases.iter().position(|it| it.release == event.release) {
            Some(place) => self.releases.remove(place),
            None => SeenRelease { release: event.release.clone(), count: 0, first_seen: at, last_seen: at },
        };
        seen.count += 1;
        seen.last_seen = at;
        self.releases.push(seen);
        if self.releases.len() > MAX_RELEASES {
            self.releases.remove(0);
        }
    }

    /// The one seen last first.
    pub(crate) fn releases(&self) -> Vec<SeenRelease> {
        self.releases.iter().rev().cloned().collect()
    }

    /// Starts of minutes with their events, oldest first.
    pub(crate) fn minutes(&self) -> impl Iterator<Item = (f64, u64)> {
        self.minutes.iter().map(|(minute, count)| (*minute as f64, u64::from(*count)))
    }

    pub(crate) fn heap(&self) -> usize {
        let names: usize = self.releases.iter().map(|it| it.release.heap()).sum();
        let releases = self.releases.capacity() * size_of::<SeenRelease>();
        self.minutes.capacity() * size_of::<(u64, u32)>() + releases + names
    }
}
