//! Release health: [sessions](https://develop.sentry.dev/sdk/telemetry/sessions/), one by one or aggregated.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::stats::{MAX_NAMES, OTHER};
use crate::text::{SHORT, clip};

/// Ended sessions of one release.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Sessions {
    /// `NAME@VERSION`.
    pub release: String,
    /// Without a fault.
    pub exited: u64,
    /// With handled errors.
    pub errored: u64,
    /// With an unhandled one.
    pub crashed: u64,
    /// Ended without a word.
    pub abnormal: u64,
}

/// What one item adds.
#[derive(Debug)]
pub(crate) struct Count(Sessions);

impl Count {
    /// A `session` item. An update that does not end the session adds nothing.
    pub(crate) fn of_session(session: &Value) -> Self {
        let mut count = Sessions { release: release(session), ..Sessions::default() };
        match session["status"].as_str() {
            Some("exited") if session["errors"].as_u64().unwrap_or(0) > 0 => count.errored = 1,
            Some("exited") => count.exited = 1,
            Some("crashed") => count.crashed = 1,
            Some("abnormal") => count.abnormal = 1,
            _ => {}
        }
        Self(count)
    }

    /// A `sessions` item: counts by minute.
    pub(crate) fn of_aggregates(sessions: &Value) -> Vec<Self> {
        let release = release(sessions);
        let count = |bucket: &Value| {
            let number = |name: &str| bucket[name].as_u64().unwrap_or(0);
            Self(Sessions {
                release: release.clone(),
                exited: number("exited"),
                errored: number("errored"),
                crashed: number("crashed"),
                abnormal: number("abnormal"),
            })
        };
        sessions["aggregates"].as_array().into_iter().flatten().map(count).collect()
    }
}

fn release(session: &Value) -> String {
    clip(session["attrs"]["release"].as_str().unwrap_or_default(), SHORT)
}

/// The sums by release.
#[derive(Debug, Default)]
pub(crate) struct Sums(BTreeMap<String, Sessions>);

impl Sums {
    /// Releases beyond the bound are counted together.
    pub(crate) fn add(&mut self, Count(mut count): Count) {
        if self.0.len() >= MAX_NAMES && !self.0.contains_key(&count.release) {
            count.release = OTHER.to_owned();
        }
        let sum = self
            .0
            .entry(count.release.clone())
            .or_insert_with(|| Sessions { release: count.release.clone(), ..Sessions::default() });
        for (sum, more) in [
            (&mut sum.exited, count.exited),
            (&mut sum.errored, count.errored),
            (&mut sum.crashed, count.crashed),
            (&mut sum.abnormal, count.abnormal),
        ] {
            *sum = sum.saturating_add(more);
        }
    }

    pub(crate) fn all(&self) -> Vec<Sessions> {
        self.0.values().cloned().collect()
    }
}
