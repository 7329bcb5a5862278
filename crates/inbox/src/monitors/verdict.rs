//! Whether a monitor is failing: as [Sentry](https://docs.sentry.io/product/crons/alerts/) has it, a run that fails is
//! not yet a job that fails. A number of runs in a row have to fail, and a number of runs have to succeed until it is
//! ok again.
//!
//! Sentry itself counts a monitor that is younger than its threshold as failing at its first failure. Here, the number in
//! the configuration holds from the start.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{CheckIn, ERROR, MISSED, OK, TIMEOUT};

/// How many runs in a row, where the configuration says nothing, and at most: as Sentry takes it.
const DEFAULT: u32 = 1;
const MOST: u32 = 720;

/// How a monitor is, over its runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MonitorState {
    /// No run has succeeded yet, and not enough have failed.
    #[default]
    Active,
    /// Its runs succeed, or too few of them failed.
    Ok,
    /// So many of its runs in a row failed, were missed or timed out as `failure_issue_threshold` says, and not so many
    /// have succeeded since as `recovery_threshold` says.
    Error,
}

/// How many runs in a row change the state.
#[derive(Debug, Clone, Copy)]
pub(super) struct Thresholds {
    failure: u32,
    recovery: u32,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { failure: DEFAULT, recovery: DEFAULT }
    }
}

impl Thresholds {
    pub(super) fn read(config: &Value) -> Self {
        let number = |name: &str| {
            let number = config[name].as_f64().filter(|number| *number >= 1.0);
            // The cast saturates.
            number.map_or(DEFAULT, |number| (number as u32).min(MOST))
        };
        Self { failure: number("failure_issue_threshold"), recovery: number("recovery_threshold") }
    }
}

/// The results of the runs, as far as the state depends on them.
#[derive(Debug, Clone, Default)]
pub(super) struct Verdict {
    pub(super) state: MonitorState,
    /// When the first run began that belongs to the present failure.
    pub(super) failing_since: Option<f64>,
    /// How many of the last runs failed, or else succeeded, in a row.
    failed: u32,
    succeeded: u32,
    first_failed: f64,
}

impl Verdict {
    /// Counts a run that has just ended, if it has.
    pub(super) fn count(&mut self, run: &CheckIn, thresholds: Thresholds) {
        match run.status.as_str() {
            OK => {
                (self.failed, self.succeeded) = (0, self.succeeded.saturating_add(1));
                if self.state != MonitorState::Error || self.succeeded >= thresholds.recovery {
                    (self.state, self.failing_since) = (MonitorState::Ok, None);
                }
            }
            ERROR | MISSED | TIMEOUT => {
                if self.failed == 0 {
                    self.first_failed = run.started_at;
                }
                (self.failed, self.succeeded) = (self.failed.saturating_add(1), 0);
                if self.state != MonitorState::Error && self.failed >= thresholds.failure {
                    (self.state, self.failing_since) = (MonitorState::Error, Some(self.first_failed));
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn run(status: &str, started_at: f64) -> CheckIn {
        CheckIn { status: status.to_owned(), ..CheckIn::missed(started_at) }
    }

    /// The states after each of these runs, of which one begins each second.
    fn states(failure: Value, recovery: Value, runs: &str) -> String {
        let thresholds =
            Thresholds::read(&json!({ "failure_issue_threshold": failure, "recovery_threshold": recovery }));
        let mut verdict = Verdict::default();
        let initial = |state| match state {
            MonitorState::Active => 'a',
            MonitorState::Ok => 'o',
            MonitorState::Error => 'E',
        };
        let after = runs.chars().enumerate().map(|(second, it)| {
            let status = match it {
                'o' => OK,
                'e' => ERROR,
                'm' => MISSED,
                't' => TIMEOUT,
                _ => "in_progress",
            };
            verdict.count(&run(status, second as f64), thresholds);
            initial(verdict.state)
        });
        after.collect()
    }

    #[test]
    fn a_monitor_fails_after_as_many_failures_in_a_row_and_recovers_after_as_many_successes() {
        assert_eq!(states(json!(3), json!(2), "eeoeemto.oe"), "aaoooEEEEoo");
        assert_eq!(states(json!(2), json!(3), "oemooeooo"), "ooEEEEEEo");
        assert_eq!(states(json!(1), json!(1), ".oeo"), "aoEo");
    }

    #[test]
    fn a_threshold_that_is_none_is_one() {
        for none in [Value::Null, json!(0), json!(-3), json!("3"), json!([]), json!(0.5)] {
            assert_eq!(states(none.clone(), none.clone(), "oeoeo"), "oEoEo", "{none}");
        }
        assert_eq!(states(json!(2.9), json!(2.9), "eeoo"), "aEEo");
        let most = states(json!(1e300), json!(u64::MAX), &("e".repeat(720) + &"o".repeat(720)));
        assert_eq!((most.find('E'), most.find('o')), (Some(719), Some(1439)));
    }

    #[test]
    fn a_failure_began_with_the_first_run_of_those_that_failed() {
        let thresholds = Thresholds::read(&json!({ "failure_issue_threshold": 2 }));
        let mut verdict = Verdict::default();
        for (status, at, since) in [
            (ERROR, 1.0, None),
            (OK, 2.0, None),
            (MISSED, 3.0, None),
            (ERROR, 4.0, Some(3.0)),
            (TIMEOUT, 5.0, Some(3.0)),
            (OK, 6.0, None),
        ] {
            verdict.count(&run(status, at), thresholds);
            assert_eq!(verdict.failing_since, since, "{status} at {at}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// The rule said in other words: looking back over all runs that have ended.
        #[test]
        fn fuzz_any_runs_make_the_state_that_the_rule_says(failure in 0_u32..5, recovery in 0_u32..5, runs in "[oemt.]{0,40}") {
            let ended: Vec<bool> = runs.chars().filter(|it| *it != '.').map(|it| it == 'o').collect();
            let all = |of: &[bool], count: u32, wanted: bool| {
                let count = count.max(1) as usize;
                of.len() >= count && of[of.len() - count..].iter().all(|it| *it == wanted)
            };
            let mut state = 'a';
            for end in 1..=ended.len() {
                let of = &ended[..end];
                if state != 'E' && all(of, failure, false) {
                    state = 'E';
                } else if (state != 'E' && of[end - 1]) || (state == 'E' && all(of, recovery, true)) {
                    state = 'o';
                }
            }
            let found = states(json!(failure), json!(recovery), &runs);
            prop_assert_eq!(found.chars().last().unwrap_or('a'), state);
        }
    }
}
