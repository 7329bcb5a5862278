//! Monitors: jobs that [check in](https://develop.sentry.dev/sdk/telemetry/check-ins/), and whether they are late.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::received::{Payload, scalar, text};
use crate::timestamp;

/// Most monitors that are kept: the one that checked in least recently goes first.
pub(crate) const MAX_MONITORS: usize = 200;

/// Most check-ins of a monitor that are kept.
pub(crate) const MAX_CHECK_INS: usize = 100;

/// Longest configuration that is kept, bytes.
const MAX_CONFIG: usize = 4 * 1024;

/// Where the configuration names none, minutes: how late a job may begin, and how long it may run.
const MARGIN: f64 = 1.0;
const RUNTIME: f64 = 30.0;

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
    /// `ok`, `error` or `in_progress` as its last check-in says; `timeout` where that runs too long, and `missed` where
    /// the next one is late. Being late is known of schedules that are intervals, not of crontabs.
    pub status: String,
    /// The last check-in, seconds since 1970.
    pub last_seen: f64,
    /// How many check-ins there were.
    pub count: u64,
    /// Its schedule, as the client sent it.
    pub config: Option<Payload>,
    /// The newest first, 100 at most.
    pub check_ins: VecDeque<CheckIn>,
}

/// A run of a job.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CheckIn {
    /// Its id; empty where the client sent none.
    pub check_in_id: String,
    /// `ok`, `error` or `in_progress`; `timeout` where it runs for too long.
    pub status: String,
    /// When it began or, where only its end was reported, ended, seconds since 1970.
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
    config: Option<Payload>,
    check_in: CheckIn,
}

impl Arrived {
    pub(crate) fn read(project: &str, check_in: &Value) -> Result<Self, String> {
        let slug = text(&check_in["monitor_slug"]).filter(|slug| !slug.is_empty());
        let config = Payload::of(&check_in["monitor_config"]).filter(|it| it.len() <= MAX_CONFIG);
        Ok(Self {
            slug: slug.ok_or("it has no monitor_slug")?,
            project: project.to_owned(),
            environment: text(&check_in["environment"]),
            config: config.filter(|_| check_in["monitor_config"].is_object()),
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

/// All that are held; the one that checked in last is the last.
#[derive(Debug, Default)]
pub(crate) struct Monitors(Vec<Monitor>);

impl Monitors {
    pub(crate) fn add(&mut self, arrived: Arrived) {
        let Arrived { slug, project, environment, config, check_in } = arrived;
        let same = |it: &Monitor| it.slug == slug && it.project == project && it.environment == environment;
        let mut monitor = match self.0.iter().position(same) {
            Some(place) => self.0.remove(place),
            None => Monitor {
                slug,
                project,
                environment,
                status: String::new(),
                last_seen: 0.0,
                count: 0,
                config: None,
                check_ins: VecDeque::new(),
            },
        };
        monitor.config = config.or(monitor.config);
        monitor.last_seen = check_in.started_at;
        monitor.check_in(check_in);
        self.0.push(monitor);
        if self.0.len() > MAX_MONITORS {
            self.0.remove(0);
        }
    }

    /// The one that checked in last first, each with its state of now.
    pub(crate) fn all(&self) -> Vec<Monitor> {
        let now = timestamp::now();
        self.0.iter().rev().map(|monitor| monitor.at(now)).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

impl Monitor {
    /// A check-in with a known id goes on with that one.
    fn check_in(&mut self, arrived: CheckIn) {
        let known = |it: &&mut CheckIn| !it.check_in_id.is_empty() && it.check_in_id == arrived.check_in_id;
        if let Some(begun) = self.check_ins.iter_mut().find(known) {
            let took = arrived.started_at - begun.started_at;
            begun.duration = arrived.duration.or((arrived.status != "in_progress").then_some(took));
            begun.status = arrived.status;
            begun.release = arrived.release.or(begun.release.take());
            begun.trace_id = arrived.trace_id.or(begun.trace_id.take());
            return;
        }
        self.count += 1;
        self.check_ins.push_front(arrived);
        self.check_ins.truncate(MAX_CHECK_INS);
    }

    fn at(&self, now: f64) -> Self {
        let mut monitor = self.clone();
        let config = self.config.as_ref().map(Payload::read).unwrap_or_default();
        let minutes = |name: &str, default: f64| config[name].as_f64().unwrap_or(default) * 60.0;
        for check_in in monitor.check_ins.iter_mut().filter(|it| it.status == "in_progress") {
            if now > check_in.started_at + minutes("max_runtime", RUNTIME) {
                "timeout".clone_into(&mut check_in.status);
            }
        }
        let latest = monitor.check_ins.front();
        let late = latest.zip(interval(&config["schedule"])).is_some_and(|(latest, interval)| {
            now > latest.started_at + interval + minutes("checkin_margin", MARGIN)
        });
        monitor.status = match latest {
            Some(latest) if !late => latest.status.clone(),
            _ => "missed".to_owned(),
        };
        monitor
    }
}

/// The seconds between two runs, where the schedule is an interval.
fn interval(schedule: &Value) -> Option<f64> {
    let unit = match schedule["unit"].as_str()? {
        "minute" => 60.0,
        "hour" => 3_600.0,
        "day" => 86_400.0,
        "week" => 604_800.0,
        "month" => 2_678_400.0,
        "year" => 31_622_400.0,
        _ => return None,
    };
    schedule["value"].as_f64().filter(|_| schedule["type"] == "interval").map(|value| value * unit)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn monitor(check_ins: &[Value]) -> Monitor {
        let mut monitors = Monitors::default();
        for check_in in check_ins {
            monitors.add(Arrived::read("1", check_in).unwrap_or_else(|bad| panic!("{bad}")));
        }
        monitors.0.pop().unwrap_or_else(|| panic!("a monitor"))
    }

    #[test]
    fn a_job_that_does_not_come_is_missed_and_one_that_does_not_end_times_out() {
        let config =
            json!({ "schedule": { "type": "interval", "value": 1, "unit": "hour" }, "max_runtime": 10 });
        let begun =
            monitor(&[json!({ "monitor_slug": "job", "status": "in_progress", "monitor_config": config })]);
        let status = |minutes: f64| begun.at(begun.last_seen + 60.0 * minutes).status;
        assert_eq!([status(1.0), status(11.0), status(62.0)], ["in_progress", "timeout", "missed"]);
        let crontab = json!({ "schedule": { "type": "crontab", "value": "0 * * * *" } });
        let ok = monitor(&[json!({ "monitor_slug": "job", "status": "ok", "monitor_config": crontab })]);
        assert_eq!(ok.at(ok.last_seen + 1e9).status, "ok");
    }

    #[test]
    fn a_check_in_that_ends_is_the_one_that_began() {
        let id = "0123456789abcdef0123456789abcdef";
        let check_in = |status: &str| json!({ "monitor_slug": "job", "status": status, "check_in_id": id });
        let ended = monitor(&[check_in("in_progress"), check_in("error")]);
        assert_eq!((ended.count, ended.check_ins.len(), ended.check_ins[0].status.as_str()), (1, 1, "error"));
        assert!(ended.check_ins[0].duration.is_some());
    }
}
