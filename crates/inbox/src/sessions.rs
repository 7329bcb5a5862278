//! Release health: [sessions](https://develop.sentry.dev/sdk/telemetry/sessions/), one by one or aggregated.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

/// Ended sessions of one release.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
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
    session["attrs"]["release"].as_str().unwrap_or_default().to_owned()
}

/// The sums by release.
#[derive(Debug, Default)]
pub(crate) struct Sums(BTreeMap<String, Sessions>);

impl Sums {
    pub(crate) fn add(&mut self, Count(count): Count) {
        let sum = self
            .0
            .entry(count.release.clone())
            .or_insert_with(|| Sessions { release: count.release.clone(), ..Sessions::default() });
        sum.exited += count.exited;
        sum.errored += count.errored;
        sum.crashed += count.crashed;
        sum.abnormal += count.abnormal;
    }

    pub(crate) fn all(&self) -> Vec<Sessions> {
        self.0.values().cloned().collect()
    }
}
