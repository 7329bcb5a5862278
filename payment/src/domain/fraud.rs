//! Fraud scores, computed where they must not be: on the worker that serves the requests.

use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use sentry_context::runtime_stats::thread_cpu_time;
use sentry_context::sentry::Level;
use sentry_context::step::Step;
use sentry_context::{Facts, breadcrumbs, facts, report};

/// Comparisons between two looks at the clock: so many that the watchdog finds the worker in a comparison, not in a look.
const BATCH: u64 = 1_000_000;

/// A scoring ends after this many times its budget by the clock, however little of a core it was given.
const BUSIEST: u32 = 10;

/// The scorings that run on one server.
#[derive(Debug, Default)]
pub struct Scorings(AtomicUsize);

/// What a scoring found.
#[derive(Debug, Clone, Copy)]
pub struct Score {
    /// How long it took, and nothing else ran on the worker.
    pub duration: Duration,
    /// Pairs of payments that were compared.
    pub comparisons: u64,
    /// How suspicious the payment is, 0 to 99.
    pub value: u64,
}

impl Scorings {
    /// How many run now.
    pub fn running(&self) -> usize {
        self.0.load(Relaxed)
    }

    /// Scores a payment against all earlier ones for as long as `budget` lasts. Does not return before.
    pub fn score(&self, budget: Duration) -> Score {
        let data = facts([("budget_ms", millis(budget).into()), ("on_the_worker", true.into())]);
        let _step = Step::begin("fraud", "scoring the payment against all earlier ones", data);
        self.0.fetch_add(1, Relaxed);
        let score = compare_all_pairs(budget);
        self.0.fetch_sub(1, Relaxed);
        breadcrumbs::warning("fraud", "scored; the worker goes on", score.facts());
        let seconds = score.duration.as_secs_f64();
        let text = format!("The event loop was blocked for {seconds:.1} s: a fraud score was computed on it");
        report::message(Level::Error, text, ("event_loop", score.facts()));
        score
    }
}

impl Score {
    fn facts(&self) -> Facts {
        let worker = std::thread::current().name().unwrap_or_default().to_owned();
        facts([
            ("duration_ms", millis(self.duration).into()),
            ("comparisons", self.comparisons.into()),
            ("score", self.value.into()),
            ("worker", worker.into()),
        ])
    }
}

/// Compares every payment with every other: the history is without end, the budget is not. It is CPU time, so that
/// the worker is blocked as long on a busy machine as on an idle one.
#[inline(never)]
fn compare_all_pairs(budget: Duration) -> Score {
    let _pairs = Step::silent("function", "compare all pairs");
    let (started, used) = (Instant::now(), thread_cpu_time());
    let (mut comparisons, mut alike) = (0, 0_u64);
    while thread_cpu_time().saturating_sub(used) < budget && started.elapsed() < budget * BUSIEST {
        for pair in comparisons..comparisons + BATCH {
            // FNV-1a over the pair's number: as good a measure as many, and really work.
            alike = (alike ^ pair).wrapping_mul(0x0000_0100_0000_01B3);
        }
        comparisons += BATCH;
    }
    Score { duration: started.elapsed(), comparisons, value: black_box(alike) % 100 }
}

/// Whole milliseconds.
pub fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
