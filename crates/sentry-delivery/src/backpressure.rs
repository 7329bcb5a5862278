//! Fewer traces while they cannot be delivered, as in Sentry's Python SDK: the share of requests that are traced is halved
//! step by step while the queue of transactions is unhealthy, and restored step by step once it has drained.
//!
//! Errors and sessions are not affected.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use sentry::TransactionContext;

/// Most halvings: one request in 1024, as in the Python SDK.
const MAX_STEPS: u32 = 10;

/// How full the queue is where it counts as unhealthy, and as drained.
const UNHEALTHY: f32 = 0.5;
const DRAINED: f32 = 0.125;

/// How often the trace sample rate is halved.
#[derive(Debug, Default)]
pub(crate) struct Backpressure {
    steps: AtomicU32,
}

impl Backpressure {
    /// Looks at the queue of transactions: how full it is, and whether the server refuses them.
    pub(crate) fn check(&self, fullness: f32, limited: bool) {
        let steps = self.steps.load(Relaxed);
        let now = if limited || fullness >= UNHEALTHY {
            (steps + 1).min(MAX_STEPS)
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

    /// Is the rate reduced?
    pub(crate) fn is_on(&self) -> bool {
        self.steps.load(Relaxed) > 0
    }

    /// The rate at which a new transaction is sampled: as configured, or as the caller decided, and halved.
    pub(crate) fn rate(&self, configured: f32, context: &TransactionContext) -> f32 {
        let rate = context.sampled().map_or(configured, f32::from);
        rate / (1_u32 << self.steps.load(Relaxed)) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(backpressure: &Backpressure, configured: f32, sampled: Option<bool>) -> f32 {
        let mut context = TransactionContext::new("name", "op");
        context.set_sampled(sampled);
        backpressure.rate(configured, &context)
    }

    #[test]
    fn a_healthy_queue_changes_no_rate() {
        let backpressure = Backpressure::default();
        backpressure.check(UNHEALTHY - 0.01, false);
        assert!(!backpressure.is_on());
        assert_eq!(rate(&backpressure, 0.3, None), 0.3);
        assert_eq!(rate(&backpressure, 0.3, Some(true)), 1.0);
        assert_eq!(rate(&backpressure, 0.3, Some(false)), 0.0);
    }

    #[test]
    fn each_look_at_an_unhealthy_queue_halves_and_each_at_a_drained_one_doubles() {
        let backpressure = Backpressure::default();
        let halved = |steps: u32| 0.8 * 0.5_f32.powi(steps.try_into().unwrap());
        for step in 1..=MAX_STEPS + 2 {
            backpressure.check(1.0, false);
            assert_eq!(rate(&backpressure, 0.8, None), halved(step.min(MAX_STEPS)));
        }
        backpressure.check((UNHEALTHY + DRAINED) / 2.0, false);
        assert_eq!(rate(&backpressure, 0.8, None), halved(MAX_STEPS), "the queue has to drain first");
        for step in (0..MAX_STEPS).rev() {
            backpressure.check(0.0, false);
            assert_eq!(rate(&backpressure, 0.8, None), halved(step));
        }
        backpressure.check(0.0, true);
        assert_eq!(rate(&backpressure, 0.8, None), 0.4, "a rate limit is as bad as a full queue");
        assert_eq!(rate(&backpressure, 0.8, Some(false)), 0.0);
    }
}
