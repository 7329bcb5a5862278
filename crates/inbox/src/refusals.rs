//! What was refused, and why: the last of it.

use serde::{Deserialize, Serialize};

use crate::ring::Ring;
use crate::text::{LONG, SHORT, clip};
use crate::timestamp;

/// Most refusals that are kept.
pub(crate) const MAX_REFUSALS: usize = 200;

/// An envelope or an item of one that is not kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Refused {
    /// When, seconds since 1970.
    pub received_at: f64,
    /// The project in the DSN.
    pub project: String,
    /// Why.
    pub reason: String,
    /// Whether the rest of its envelope was kept.
    pub item_only: bool,
}

/// The last refusals.
#[derive(Debug)]
pub(crate) struct Refusals(Ring<Refused>);

impl Default for Refusals {
    fn default() -> Self {
        Self(Ring::new(MAX_REFUSALS))
    }
}

impl Refusals {
    /// Keeps one.
    pub(crate) fn push(&mut self, project: &str, reason: &str, item_only: bool) {
        let (project, reason) = (clip(project, SHORT), clip(reason, LONG));
        self.0.push(Refused { received_at: timestamp::now(), project, reason, item_only }, LONG);
    }

    /// The newest first.
    pub(crate) fn newest_first(&self) -> Vec<Refused> {
        self.0.iter().rev().cloned().collect()
    }
}
