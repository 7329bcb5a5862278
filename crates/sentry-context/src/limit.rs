//! Reports that repeat themselves: one of a kind is sent per minute, with the number that it stands for.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sentry::{Hub, Integration};

/// Between two reports of a kind.
pub const INTERVAL: Duration = Duration::from_secs(60);

/// Kinds that are kept apart, at most. They are named in code; this guards against a mistake.
const KINDS: usize = 64;

/// What was reported of each kind. Each client has its own: what one service has sent says nothing about another's.
#[derive(Debug, Default)]
pub struct Limiter(Mutex<HashMap<&'static str, Kind>>);

#[derive(Debug, Default)]
struct Kind {
    reported: Option<Instant>,
    since: u64,
}

impl Integration for Limiter {
    fn name(&self) -> &'static str {
        "report-limit"
    }
}

impl Limiter {
    /// Counts `more` of a kind. Returns the number that a report stands for, if one is due.
    fn count(&self, kind: &'static str, more: u64, now: Instant) -> Option<u64> {
        let mut kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kinds.len() >= KINDS && !kinds.contains_key(kind) {
            return None;
        }
        let kind = kinds.entry(kind).or_default();
        kind.since = kind.since.saturating_add(more);
        let waited = kind.reported.is_none_or(|at| now.duration_since(at) >= INTERVAL);
        if kind.since == 0 || !waited {
            return None;
        }
        kind.reported = Some(now);
        Some(std::mem::take(&mut kind.since))
    }
}

/// Counts `more` of a kind under the current client. Returns the number that a report stands for, if one is due; then
/// none is due for [`INTERVAL`]. With zero, it asks for the rest of earlier ones.
pub fn due(kind: &'static str, more: u64) -> Option<u64> {
    let now = Instant::now();
    // Also without a DSN: the log is limited, too.
    let counted = Hub::current().with_integration(|limiter: &Limiter| Some(limiter.count(kind, more, now)));
    counted.unwrap_or_else(|| (more > 0).then_some(more))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_report_a_while_stands_for_all_of_its_kind() {
        let (limiter, start) = (Limiter::default(), Instant::now());
        assert_eq!(limiter.count("a", 0, start), None);
        assert_eq!(limiter.count("a", 1, start), Some(1));
        assert_eq!((limiter.count("a", 1, start), limiter.count("b", 2, start)), (None, Some(2)));
        assert_eq!(limiter.count("a", 4, start + INTERVAL / 2), None);
        assert_eq!(limiter.count("a", 0, start + INTERVAL), Some(5));
        assert_eq!(limiter.count("a", 0, start + INTERVAL * 3), None);
    }
}
