//! Requests and amounts that are counted, and not reported yet.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sentry::Integration;

use super::sums::Sums;

/// How long a request waits to be reported, at most, where others follow.
const INTERVAL: Duration = Duration::from_secs(1);

/// So many are reported one by one in each interval: enough to say how long requests take.
const ONE_BY_ONE: u32 = 100;

/// A kind of request, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Answered {
    /// One that HTTP has, or `_OTHER`.
    pub(crate) method: &'static str,
    /// A pattern, not a path.
    pub(crate) route: Arc<str>,
    /// As in HTTP.
    pub(crate) status: u16,
}

/// What the metrics of a client have counted since it was reported: how often each kind of request was answered, and sums.
#[derive(Debug)]
pub(crate) struct Requests {
    pub(super) service: &'static str,
    pub(super) sums: Sums,
    unreported: Mutex<Unreported>,
}

impl Integration for Requests {
    fn name(&self) -> &'static str {
        "request-metrics"
    }
}

#[derive(Debug, Default)]
struct Unreported {
    counts: HashMap<Answered, u64>,
    /// When all were reported.
    at: Option<Instant>,
    /// How many may still be reported one by one.
    left: u32,
}

impl Requests {
    /// The requests of a service.
    pub(crate) fn of(service: &'static str) -> Self {
        Self { service, sums: Sums::default(), unreported: Mutex::default() }
    }

    /// Counts one more. Returns what is to be reported now, and how often it was answered, this one last; nothing if it
    /// will be reported with a later one.
    pub(super) fn count(&self, answered: Answered, now: Instant) -> Vec<(Answered, u64)> {
        let mut unreported = self.unreported.lock().unwrap_or_else(PoisonError::into_inner);
        let mut reported = Vec::new();
        if unreported.at.is_none_or(|at| now.duration_since(at) >= INTERVAL) {
            unreported.at = Some(now);
            unreported.left = ONE_BY_ONE;
            reported.extend(unreported.counts.drain());
        }
        if unreported.left == 0 {
            *unreported.counts.entry(answered).or_default() += 1;
            return reported;
        }
        unreported.left -= 1;
        reported.push((answered, 1));
        reported
    }

    /// Everything that is not reported yet.
    pub(super) fn take(&self) -> Vec<(Answered, u64)> {
        self.unreported.lock().unwrap_or_else(PoisonError::into_inner).counts.drain().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(route: &str) -> Answered {
        Answered { method: "GET", route: route.into(), status: 200 }
    }

    #[test]
    fn some_are_reported_one_by_one_and_the_rest_in_sum_after_a_second() {
        let (requests, now) = (Requests::of("shop"), Instant::now());
        for _ in 0..ONE_BY_ONE {
            assert_eq!(requests.count(answered("/a"), now), [(answered("/a"), 1)]);
        }
        for route in ["/a", "/a", "/b"] {
            assert_eq!(requests.count(answered(route), now), []);
        }
        let mut reported = requests.count(answered("/c"), now + INTERVAL);
        assert_eq!(reported.pop(), Some((answered("/c"), 1)), "this one is last");
        reported.sort_by(|a, b| a.0.route.cmp(&b.0.route));
        assert_eq!(reported, [(answered("/a"), 2), (answered("/b"), 1)]);
        assert_eq!(requests.take(), []);
    }

    #[test]
    fn what_is_left_at_the_end_can_be_taken() {
        let (requests, now) = (Requests::of("shop"), Instant::now());
        (0..ONE_BY_ONE + 3).for_each(|_| drop(requests.count(answered("/a"), now)));
        assert_eq!(requests.take(), [(answered("/a"), 3)]);
        assert_eq!(requests.take(), []);
    }
}
