//! Monitors: jobs that [check in](https://develop.sentry.dev/sdk/telemetry/check-ins/), whether they are late, and whether
//! they fail.

mod held;
mod schedule;
mod verdict;

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::received::fields::{scalar, text};
use crate::received::payload::Payload;
use crate::timestamp;
use schedule::Schedule;
use verdict::Thresholds;

pub(crate) use held::Monitors;
pub use verdict::MonitorState;

/// Most monitors that are kept: the one that checked in least recently goes first.
pub(crate) const MAX_MONITORS: usize = 200;

/// Most check-ins of a monitor that are kept.
pub(crate) const MAX_CHECK_INS: usize = 100;

/// Longest configuration that is kept, bytes.
const MAX_CONFIG: usize = 4 * 1024;

const IN_PROGRESS: &str = "in_progress";
const OK: &str = "ok";
const ERROR: &str = "error";
const TIMEOUT: &str = "timeout";
const MISSED: &str = "missed";

/// A job in one environment.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Monitor {
    /// Its name.
    pub slug: String,
    /// The project in the DSN.
    pub project: String,
    /// Such as `production`.
    pub environment: Option<String>,
    /// The state of its last check-in.
    pub status: String,
    /// How the job is: it takes more than one run to change that, where the configuration says so.
    #[serde(default)]
    pub state: MonitorState,
    /// When the first of the runs began that failed; none while the job does not count as failing.
    #[serde(default)]
    pub failing_since: Option<f64>,
    /// The last check-in, seconds since 1970.
    pub last_seen: f64,
    /// How many check-ins there were.
    pub count: u64,
    /// Its schedule, as the client sent it.
    pub config: Option<Payload>,
    /// What of that schedule cannot be read.
    #[serde(default)]
    pub schedule_fault: Option<String>,
    /// When the next check-in is expected, seconds since 1970; none where the schedule does not say.
    #[serde(default)]
    pub next_check_in: Option<f64>,
    /// From when on that one is missed.
    #[serde(default)]
    pub missed_after: Option<f64>,
    /// The newest first, 100 at most.
    pub check_ins: VecDeque<CheckIn>,
}

/// A run of a job.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CheckIn {
    /// Its id; empty where the client sent none.
    pub check_in_id: String,
    /// `ok`, `error` or `in_progress`, as the client says; `timeout` where it runs for longer than `max_runtime`, and
    /// `missed` where none came within `checkin_margin`.
    pub status: String,
    /// When it began or, where only its end was reported, ended; when a missed one was expected. Seconds since 1970.
    pub started_at: f64,
    /// How long it took, seconds.
    pub duration: Option<f64>,
    /// The release.
    pub release: Option<String>,
    /// Its trace.
    pub trace_id: Option<String>,
}

/// A check-in that has arrived.
#[derive(Debug)]
pub(crate) struct Arrived {
    slug: String,
    project: String,
    environment: Option<String>,
    config: Option<(Payload, Schedule, Thresholds)>,
    check_in: CheckIn,
}

impl Arrived {
    pub(crate) fn read(project: &str, check_in: &Value) -> Result<Self, String> {
        let slug = text(&check_in["monitor_slug"]).filter(|slug| !slug.is_empty());
        let config = &check_in["monitor_config"];
        let sent = Payload::of(config).filter(|it| config.is_object() && it.len() <= MAX_CONFIG);
        Ok(Self {
            slug: slug.ok_or("it has no monitor_slug")?,
            project: project.to_owned(),
            environment: text(&check_in["environment"]),
            config: sent.map(|sent| (sent, Schedule::read(config), Thresholds::read(config))),
            check_in: CheckIn {
                check_in_id: text(&check_in["check_in_id"]).unwrap_or_default(),
                status: text(&check_in["status"]).ok_or("it has no status")?,
                started_at: timestamp::now(),
                duration: check_in["duration"].as_f64(),
                release: scalar(&check_in["release"]),
                trace_id: text(&check_in["contexts"]["trace"]["trace_id"]),
            },
        })
    }
}

impl CheckIn {
    fn missed(expected: f64) -> Self {
        Self {
            check_in_id: String::new(),
            status: MISSED.to_owned(),
            started_at: expected,
            duration: None,
            release: None,
            trace_id: None,
        }
    }
}

impl CheckIn {
    /// Whether its client has said how it ended.
    fn has_ended(&self) -> bool {
        matches!(self.status.as_str(), OK | ERROR)
    }

    /// Whether it does not say which run it is about: it has no id, or one of zeros.
    fn is_anonymous(&self) -> bool {
        self.check_in_id.bytes().all(|byte| matches!(byte, b'0' | b'-'))
    }
}

impl Monitor {
    /// A check-in with a known id goes on with that run, and one without an id with the last run under way. The run as it
    /// is now; `None` if it had ended before, which stays.
    fn check_in(&mut self, mut arrived: CheckIn) -> Option<CheckIn> {
        let anonymous = arrived.is_anonymous();
        let known = |it: &&mut CheckIn| {
            if anonymous { it.status == IN_PROGRESS } else { it.check_in_id == arrived.check_in_id }
        };
        if let Some(begun) = self.check_ins.iter_mut().find(known) {
            if begun.has_ended() {
                return None;
            }
            let took = arrived.started_at - begun.started_at;
            begun.duration = arrived.duration.or((arrived.status != IN_PROGRESS).then_some(took));
            begun.status = arrived.status;
            begun.release = arrived.release.or(begun.release.take());
            begun.trace_id = arrived.trace_id.or(begun.trace_id.take());
            return Some(begun.clone());
        }
        if anonymous {
            arrived.check_in_id.clear();
        }
        self.count += 1;
        self.keep(arrived.clone());
        Some(arrived)
    }

    fn keep(&mut self, check_in: CheckIn) {
        self.check_ins.push_front(check_in);
        self.check_ins.truncate(MAX_CHECK_INS);
    }
}
