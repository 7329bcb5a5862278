//! What is known about each monitor, and what changes as time passes.

use std::collections::VecDeque;

use super::schedule::Schedule;
use super::verdict::{Thresholds, Verdict};
use super::{Arrived, CheckIn, IN_PROGRESS, MAX_CHECK_INS, MAX_MONITORS, Monitor, TIMEOUT};

/// A monitor, and what its state depends on.
#[derive(Debug, Clone)]
struct Held {
    monitor: Monitor,
    schedule: Schedule,
    thresholds: Thresholds,
    verdict: Verdict,
    /// When its state changes unless it checks in.
    due: Option<f64>,
}

/// All that are held; the one that checked in last is the last.
#[derive(Debug, Default, Clone)]
pub(crate) struct Monitors(Vec<Held>);

impl Monitors {
    pub(crate) fn add(&mut self, arrived: Arrived) {
        let Arrived { slug, project, environment, config, check_in } = arrived;
        let same = |Held { monitor: it, .. }: &Held| {
            it.slug == slug && it.project == project && it.environment == environment
        };
        let mut held = match self.0.iter().position(same) {
            Some(place) => self.0.remove(place),
            None => Held::new(slug, project, environment),
        };
        // What was late before it came stays late.
        held.pass_time(check_in.started_at);
        if let Some((sent, schedule, thresholds)) = config {
            held.monitor.schedule_fault.clone_from(&schedule.fault);
            held.monitor.config = Some(sent);
            (held.schedule, held.thresholds) = (schedule, thresholds);
        }
        held.check_in(check_in);
        self.0.push(held);
        if self.0.len() > MAX_MONITORS {
            self.0.remove(0);
        }
    }

    /// Whether [`Self::pass_time`] changes anything.
    pub(crate) fn is_due(&self, now: f64) -> bool {
        self.0.iter().any(|held| held.due.is_some_and(|due| due < now))
    }

    /// Marks what is late by now.
    pub(crate) fn pass_time(&mut self, now: f64) {
        self.0.iter_mut().for_each(|held| held.pass_time(now));
    }

    /// The one that checked in last first.
    pub(crate) fn all(&self) -> Vec<Monitor> {
        self.0.iter().rev().map(|held| held.monitor.clone()).collect()
    }

    /// The same as they will be at that time, unless they check in before.
    pub(crate) fn at(&self, time: f64) -> Vec<Monitor> {
        if !self.is_due(time) {
            return self.all();
        }
        let mut then = self.clone();
        then.pass_time(time);
        then.all()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

impl Held {
    fn new(slug: String, project: String, environment: Option<String>) -> Self {
        let verdict = Verdict::default();
        let monitor = Monitor {
            slug,
            project,
            environment,
            status: String::new(),
            state: verdict.state,
            failing_since: None,
            last_seen: 0.0,
            count: 0,
            config: None,
            schedule_fault: None,
            next_check_in: None,
            missed_after: None,
            check_ins: VecDeque::new(),
        };
        Self { monitor, schedule: Schedule::default(), thresholds: Thresholds::default(), verdict, due: None }
    }

    fn check_in(&mut self, arrived: CheckIn) {
        let now = arrived.started_at;
        self.monitor.last_seen = now;
        if let Some(run) = self.monitor.check_in(arrived) {
            self.verdict.count(&run, self.thresholds);
        }
        self.expect(self.schedule.next(now));
        self.settle();
    }

    fn expect(&mut self, next: Option<f64>) {
        self.monitor.next_check_in = next;
        self.monitor.missed_after = next.map(|next| next + self.schedule.margin());
    }

    /// What time alone changes: a run that does not end, and one that does not begin.
    fn pass_time(&mut self, now: f64) {
        if self.due.is_none_or(|due| due >= now) {
            return;
        }
        self.time_out(now);
        // Of a time that was slept through, no more are marked than are kept.
        let mut left = MAX_CHECK_INS;
        while let (Some(next), Some(end)) = (self.monitor.next_check_in, self.monitor.missed_after)
            && end < now
        {
            let missed = CheckIn::missed(next);
            self.verdict.count(&missed, self.thresholds);
            self.monitor.keep(missed);
            left = left.saturating_sub(1);
            self.expect(self.schedule.next(if left > 0 { next } else { now }));
        }
        self.settle();
    }

    /// Ends the runs that take too long, the oldest first. One that a later run has outdone says nothing of the job any
    /// more.
    fn time_out(&mut self, now: f64) {
        let runtime = self.schedule.max_runtime();
        let newest_result = self.monitor.check_ins.iter().position(CheckIn::has_ended);
        for (place, run) in self.monitor.check_ins.iter_mut().enumerate().rev() {
            if run.status == IN_PROGRESS && run.started_at + runtime < now {
                TIMEOUT.clone_into(&mut run.status);
                if newest_result.is_none_or(|newest| place < newest) {
                    self.verdict.count(run, self.thresholds);
                }
            }
        }
    }

    /// After any change: the state, and when the next one is due.
    fn settle(&mut self) {
        let latest = self.monitor.check_ins.front();
        self.monitor.status = latest.map(|it| it.status.clone()).unwrap_or_default();
        (self.monitor.state, self.monitor.failing_since) = (self.verdict.state, self.verdict.failing_since);
        let running = self.monitor.check_ins.iter().filter(|it| it.status == IN_PROGRESS);
        let ends = running.map(|it| it.started_at + self.schedule.max_runtime());
        self.due = ends.chain(self.monitor.missed_after).min_by(f64::total_cmp);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A monitor that has checked in with these.
    fn held(check_ins: &[Value]) -> Held {
        let mut monitors = Monitors::default();
        for check_in in check_ins {
            monitors.add(Arrived::read("1", check_in).unwrap_or_else(|bad| panic!("{bad}")));
        }
        monitors.0.pop().unwrap_or_else(|| panic!("a monitor"))
    }

    /// The states of its runs, the newest first, some minutes after its last check-in.
    fn after(held: &mut Held, minutes: f64) -> String {
        held.pass_time(held.monitor.last_seen + 60.0 * minutes);
        let states: Vec<&str> = held.monitor.check_ins.iter().map(|it| it.status.as_str()).collect();
        assert_eq!(states.first(), Some(&held.monitor.status.as_str()));
        states.join(" ")
    }

    fn hourly(status: &str) -> Value {
        let schedule = json!({ "type": "interval", "value": 1, "unit": "hour" });
        let config = json!({ "schedule": schedule, "max_runtime": 10, "checkin_margin": 5 });
        json!({ "monitor_slug": "job", "status": status, "monitor_config": config })
    }

    #[test]
    fn a_job_that_does_not_end_times_out_and_one_that_does_not_begin_is_missed() {
        let mut held = held(&[hourly("in_progress")]);
        let states = [9.9, 10.1, 64.9, 65.1, 124.9, 125.1].map(|minutes| after(&mut held, minutes));
        let missed = ["missed timeout", "missed missed timeout"];
        assert_eq!(states, ["in_progress", "timeout", "timeout", missed[0], missed[0], missed[1]]);
        let expected = held.monitor.check_ins[0].started_at - held.monitor.last_seen;
        assert_eq!((held.monitor.count, expected.round()), (1, 7_200.0), "a missed one has not checked in");
    }

    #[test]
    fn a_job_with_a_crontab_is_missed_a_margin_after_its_time() {
        let config = json!({ "schedule": { "type": "crontab", "value": "0 * * * *" }, "checkin_margin": 5 });
        let mut held = held(&[json!({ "monitor_slug": "job", "status": "ok", "monitor_config": config })]);
        let next = held.monitor.next_check_in.unwrap_or_default();
        assert!(next % 3_600.0 == 0.0 && next > held.monitor.last_seen);
        assert_eq!(held.monitor.missed_after, Some(next + 300.0));
        held.pass_time(next + 299.0);
        assert_eq!(held.monitor.status, "ok");
        held.pass_time(next + 301.0);
        assert_eq!((held.monitor.status.as_str(), held.monitor.check_ins[0].started_at), ("missed", next));
        assert_eq!(held.monitor.next_check_in, Some(next + 3_600.0));
    }

    #[test]
    fn a_job_without_a_schedule_is_never_missed() {
        let mut held = held(&[json!({ "monitor_slug": "job", "status": "ok" })]);
        assert_eq!((after(&mut held, 1e9), held.due), ("ok".to_owned(), None));
    }

    #[test]
    fn a_time_that_was_slept_through_adds_no_more_runs_than_are_kept() {
        let mut held = held(&[hourly("ok")]);
        after(&mut held, 60.0 * 1e6);
        assert_eq!(held.monitor.check_ins.len(), MAX_CHECK_INS);
        let now = held.monitor.last_seen + 3_600.0 * 1e6;
        assert!(held.monitor.next_check_in.is_some_and(|next| next > now && next < now + 3_601.0));
    }

    /// An hourly job that is failing after two failures.
    fn patient(status: &str) -> Value {
        let mut check_in = hourly(status);
        check_in["monitor_config"]["failure_issue_threshold"] = json!(2);
        check_in
    }

    #[test]
    fn runs_that_are_missed_and_runs_that_time_out_count_as_failures() {
        let mut held = held(&[patient("in_progress")]);
        for (minutes, state) in [(9.9, "active"), (10.1, "active"), (64.9, "active"), (65.1, "error")] {
            after(&mut held, minutes);
            assert_eq!(json!(held.monitor.state), state, "{minutes}");
        }
        let since = held.monitor.failing_since.unwrap_or_default();
        assert_eq!(since, held.monitor.last_seen, "the run that timed out began the failure");
    }

    #[test]
    fn a_run_that_a_later_one_has_outdone_does_not_count_when_it_times_out() {
        let mut begun = hourly("in_progress");
        begun["check_in_id"] = json!("0123456789abcdef0123456789abcdef");
        let mut held = held(&[begun, json!({ "monitor_slug": "job", "status": "ok", "check_in_id": "1" })]);
        assert_eq!(after(&mut held, 10.1), "ok timeout");
        assert_eq!(json!(held.monitor.state), "ok");
        assert_eq!(after(&mut held, 65.1), "missed ok timeout");
        assert_eq!(json!(held.monitor.state), "error");
    }

    #[test]
    fn a_check_in_without_an_id_ends_the_last_run_under_way() {
        let check_in = |status: &str, id: Option<&str>| json!({ "monitor_slug": "job", "status": status, "check_in_id": id });
        for zeros in ["", "00000000000000000000000000000000", "00000000-0000-0000-0000-000000000000"] {
            let id = Some(zeros).filter(|zeros| !zeros.is_empty());
            let runs = ["in_progress", "ok", "in_progress", "error", "ok"];
            let monitor = held(&runs.map(|status| check_in(status, id))).monitor;
            let states: Vec<&str> = monitor.check_ins.iter().map(|it| it.status.as_str()).collect();
            assert_eq!((states, monitor.count), (vec!["ok", "error", "ok"], 3), "{zeros}");
        }
    }

    #[test]
    fn a_run_that_has_ended_stays_as_it_ended_and_counts_once() {
        let mut ok = patient("ok");
        let check_in = |status: &str| json!({ "monitor_slug": "job", "status": status, "check_in_id": "7" });
        ok["check_in_id"] = json!("6");
        let monitor =
            held(&[ok, check_in("error"), check_in("error"), check_in("ok"), check_in("in_progress")]);
        let states: Vec<&str> = monitor.monitor.check_ins.iter().map(|it| it.status.as_str()).collect();
        assert_eq!((states, json!(monitor.monitor.state)), (vec!["error", "ok"], json!("ok")));
    }

    #[test]
    fn a_check_in_that_ends_is_the_one_that_began() {
        let id = "0123456789abcdef0123456789abcdef";
        let check_in = |status: &str| json!({ "monitor_slug": "job", "status": status, "check_in_id": id });
        let ended = held(&[check_in("in_progress"), check_in("error")]).monitor;
        assert_eq!((ended.count, ended.check_ins.len(), ended.check_ins[0].status.as_str()), (1, 1, "error"));
        assert!(ended.check_ins[0].duration.is_some());
    }
}
