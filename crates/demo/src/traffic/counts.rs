//! The results of the traffic so far.

use std::collections::{BTreeMap, VecDeque};

use inbox::timestamp;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::options::{Kind, Options};
use super::visit::Outcome;

/// Over how many of the last visits a percentile is taken.
const LAST: usize = 200;

/// Over how much of the past the rate is taken, seconds.
const WINDOW: f64 = 5.0;

/// The sums.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    /// When it began, seconds since 1970.
    pub started_at: f64,
    /// When it ends by itself.
    pub ends_at: f64,
    /// Whether it goes on.
    pub running: bool,
    /// What was asked for.
    pub options: Options,
    /// Visits that have ended, by kind.
    pub visits: BTreeMap<Kind, u64>,
    /// Visits that were refused as they should be: answers from 400 to 499.
    pub refused: u64,
    /// Visits that failed: other answers from 500 on, or none.
    pub failed: u64,
    /// How long it has lasted, seconds.
    pub lasted: f64,
    /// Visits a second over the last 5 s.
    pub rate: f64,
    /// What 95 % of the last 200 visits did not exceed.
    pub p95_ms: Option<f64>,
    #[serde(skip)]
    ended: VecDeque<Instant>,
    #[serde(skip)]
    durations: VecDeque<f64>,
}

impl Counts {
    /// Nothing yet.
    pub fn begin(options: &Options) -> Self {
        let now = timestamp::now();
        Self {
            started_at: now,
            ends_at: now + options.seconds,
            running: true,
            options: *options,
            visits: BTreeMap::new(),
            refused: 0,
            failed: 0,
            lasted: 0.0,
            rate: 0.0,
            p95_ms: None,
            ended: VecDeque::new(),
            durations: VecDeque::new(),
        }
    }

    /// Counts a visit.
    pub fn add(&mut self, kind: Kind, outcome: &Outcome) {
        *self.visits.entry(kind).or_default() += 1;
        match outcome.status {
            Some(400..=499) => self.refused += 1,
            Some(..500) => {}
            // The player has hung up.
            None if kind == Kind::HangUp => {}
            _ => self.failed += 1,
        }
        self.ended.push_back(Instant::now());
        self.durations.push_back(outcome.elapsed.as_secs_f64() * 1000.0);
        if self.durations.len() > LAST {
            self.durations.pop_front();
        }
    }

    /// How it is now.
    pub fn now(&mut self) -> Self {
        while self.ended.front().is_some_and(|ended| ended.elapsed().as_secs_f64() > WINDOW) {
            self.ended.pop_front();
        }
        self.lasted = (timestamp::now() - self.started_at).max(0.0);
        self.rate = self.ended.len() as f64 / self.lasted.clamp(0.5, WINDOW);
        let mut durations: Vec<f64> = self.durations.iter().copied().collect();
        durations.sort_by(f64::total_cmp);
        self.p95_ms = durations.get((durations.len() * 95).div_ceil(100).saturating_sub(1)).copied();
        Self { ended: VecDeque::new(), durations: VecDeque::new(), ..self.clone() }
    }

    /// How it is at the end.
    pub fn end(mut self) -> Self {
        Self { running: false, ..self.now() }
    }

    /// All visits.
    pub fn all(&self) -> u64 {
        self.visits.values().sum()
    }
}
