//! Fewer traces while they cannot be delivered, as Sentry's Python SDK does it: the share of requests that are traced
//! is halved step by step while the transactions' queue is unhealthy, and restored step by step once it has drained.
//!
//! Errors and sessions know nothing of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use sentry::TransactionContext;

use super::client_reports::ClientReports;

/// Most halvings: one request in 1024, as in the Python SDK.
const MOST_STEPS: u32 = 10;

/// How full the queue is where it counts as unhealthy, and as drained.
const UNHEALTHY: f32 = 0.5;
const DRAINED: f32 = 0.125;

/// The trace sample rate, and how often it is halved.
#[derive(Debug, Default)]
pub(super) struct Backpressure {
    steps: AtomicU32,
    pub(super) client_reports: Arc<ClientReports>,
}

impl Backpressure {
    /// Looks at the transactions' queue: how full it is, and whether the server wants any at all.
    pub(super) fn check(&self, fullness: f32, limited: bool) {
        let steps = self.steps.load(Relaxed);
        let now = if limited || fullness >= UNHEALTHY {
            (steps + 1).min(MOST_STEPS)
        } else if fullness <= DRAINED {
            steps.saturating_sub(1)
        } else {
            steps
        };
        if (steps == 0) != (now == 0) {
            let state = if now == 0 { "every request is traced again" } else { "fewer requests are traced" };
            tracing::info!(fullness, limited, "transactions wait for Sentry: {state}");
        }
        self.steps.store(now, Relaxed);
    }

    /// The rate for a new transaction. The SDK draws by it, except under backpressure: then it is drawn here, since
    /// only then it is known which ones backpressure cost.
    pub(super) fn rate(&self, configured: f32, context: &TransactionContext) -> f32 {
        let rate = context.sampled().map_or(configured, f32::from);
        let steps = self.steps.load(Relaxed);
        if steps == 0 {
            return rate;
        }
        let drawn: f32 = rand::random();
        let reduced = rate / (1_u32 << steps) as f32;
        if drawn < reduced {
            return kept(reduced);
        }
        if drawn < rate {
            self.client_reports.sampled_away();
        }
        0.0
    }
}

/// A rate beyond 1 is certain, and the wire carries the real one: see [`true_rate`].
fn kept(reduced: f32) -> f32 {
    1.0 + reduced
}

/// The rate at which a transaction was sampled, from what the SDK believes.
pub fn true_rate(believed: f32) -> f32 {
    if believed > 1.0 { believed - 1.0 } else { believed }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(backpressure: &Backpressure, configured: f32, sampled: Option<bool>) -> Vec<f32> {
        let mut context = TransactionContext::new("name", "op");
        context.set_sampled(sampled);
        (0..1_000).map(|_| backpressure.rate(configured, &context)).collect()
    }

    #[test]
    fn a_healthy_queue_changes_nothing() {
        let backpressure = Backpressure::default();
        backpressure.check(UNHEALTHY - 0.01, false);
        assert!(rates(&backpressure, 0.3, None).iter().all(|rate| *rate == 0.3));
        assert!(rates(&backpressure, 0.3, Some(true)).iter().all(|rate| *rate == 1.0));
        assert!(rates(&backpressure, 0.3, Some(false)).iter().all(|rate| *rate == 0.0));
    }

    #[test]
    fn each_look_at_an_unhealthy_queue_halves_and_each_at_a_drained_one_doubles() {
        let backpressure = Backpressure::default();
        for step in 1..=MOST_STEPS + 2 {
            backpressure.check(1.0, false);
            assert_eq!(backpressure.steps.load(Relaxed), step.min(MOST_STEPS));
        }
        assert!(rates(&backpressure, 1.0, None).iter().all(|rate| *rate == 0.0 || true_rate(*rate) < 0.001));
        backpressure.check((UNHEALTHY + DRAINED) / 2.0, false);
        assert_eq!(backpressure.steps.load(Relaxed), MOST_STEPS, "it waits for the queue to drain");
        for step in (0..MOST_STEPS).rev() {
            backpressure.check(0.0, false);
            assert_eq!(backpressure.steps.load(Relaxed), step);
        }
        backpressure.check(0.0, true);
        assert_eq!(backpressure.steps.load(Relaxed), 1, "a rate limit is as bad as a full queue");
    }

    #[test]
    fn what_is_sampled_knows_its_true_rate() {
        let backpressure = Backpressure::default();
        (0..2).for_each(|_| backpressure.check(1.0, false));
        let kept: Vec<f32> = rates(&backpressure, 0.8, None).into_iter().filter(|rate| *rate > 0.0).collect();
        assert!(
            !kept.is_empty() && kept.iter().all(|rate| (true_rate(*rate) - 0.2).abs() < 1e-6),
            "{kept:?}"
        );
    }
}
