//! Simulated spins until return to player has converged, which it never does: the tolerance is too tight.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use sentry_context::runtime_stats::CpuMeter;
use sentry_context::sentry::Level;
use sentry_context::step::Step;
use sentry_context::{Facts, breadcrumbs, facts, report};

/// Spins between two looks at the clock.
const BATCH: u64 = 100_000;
/// No mean of random payouts comes this close to its expectation.
const TOLERANCE: f64 = 0.0;

/// The simulations that run on one server.
#[derive(Debug, Default)]
pub struct Simulations(AtomicUsize);

impl Simulations {
    /// How many run now.
    pub fn running(&self) -> usize {
        self.0.load(Relaxed)
    }

    /// Runs one; see [`converge`].
    pub fn run(&self, limit: Duration, cancelled: &AtomicBool) -> Outcome {
        self.0.fetch_add(1, Relaxed);
        let outcome = converge(limit, cancelled);
        self.0.fetch_sub(1, Relaxed);
        outcome
    }
}

/// How a simulation ended.
#[derive(Debug, Clone, Copy)]
pub struct Outcome {
    /// How long it ran.
    pub duration: Duration,
    /// Spins made.
    pub iterations: u64,
    /// CPU use of the process meanwhile, percent of one core.
    pub cpu_percent: f32,
}

impl Outcome {
    fn facts(&self) -> Facts {
        facts([
            ("duration_seconds", self.duration.as_secs_f64().into()),
            ("iterations", self.iterations.into()),
            ("final_cpu_percent", self.cpu_percent.into()),
        ])
    }
}

/// Spins until the mean payout has converged, the time is up, or `cancelled` says that nobody waits any longer.
pub fn converge(limit: Duration, cancelled: &AtomicBool) -> Outcome {
    let data = facts([("tolerance", TOLERANCE.into()), ("limit_seconds", limit.as_secs_f64().into())]);
    let _step = Step::begin("simulation", "simulating until return to player converges", data);
    let (started, cpu) = (Instant::now(), CpuMeter::start());
    let mut seed = 0x9E37_79B9_7F4A_7C15_u64;
    let (mut iterations, mut paid) = (0_u64, 0_u64);
    loop {
        for _ in 0..BATCH {
            // xorshift64: cheap and good enough to keep a core busy with something. It stands here, so that profiles show
            // one function.
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            paid += seed % 21;
        }
        iterations += BATCH;
        let mean = black_box(paid) as f64 / iterations as f64;
        if (mean - 10.0).abs() < TOLERANCE || started.elapsed() >= limit || cancelled.load(Relaxed) {
            break;
        }
    }
    let outcome = Outcome { duration: started.elapsed(), iterations, cpu_percent: cpu.percent() };
    breadcrumbs::warning("simulation", "stopped without convergence", outcome.facts());
    // Said here, by the thread that burned: its breadcrumbs and its stack say what it did.
    let text =
        format!("CPU was busy for {:.1} s: the simulation did not converge", outcome.duration.as_secs_f64());
    report::message(Level::Warning, text, ("cpu_spike", outcome.facts()));
    outcome
}
