//! Requests that are counted, and not told yet.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::http::Method;

/// How long a request waits to be told, at most, where others follow.
const INTERVAL: Duration = Duration::from_secs(1);

/// A kind of request, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Answered {
    pub(crate) method: Method,
    /// A pattern, not a path.
    pub(crate) route: String,
    /// As in HTTP.
    pub(crate) status: u16,
}

/// How often each was answered since it was told.
#[derive(Debug, Default)]
pub(crate) struct Requests(Mutex<Untold>);

#[derive(Debug, Default)]
struct Untold {
    counts: HashMap<Answered, u64>,
    /// When all were told.
    at: Option<Instant>,
}

impl Requests {
    /// Counts one more. Returns what is to be told now, and how often it was answered: this one where it is traced,
    /// all where it is time.
    pub(super) fn count(&self, answered: Answered, traced: bool, now: Instant) -> Vec<(Answered, u64)> {
        let mut untold = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let times = untold.counts.remove(&answered).unwrap_or_default() + 1;
        let mut told = Vec::new();
        if untold.at.is_none_or(|at| now.duration_since(at) >= INTERVAL) {
            untold.at = Some(now);
            told.extend(untold.counts.drain());
        } else if !traced {
            untold.counts.insert(answered, times);
            return told;
        }
        told.push((answered, times));
        told
    }

    /// Everything that is not told yet.
    pub(super) fn take(&self) -> Vec<(Answered, u64)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).counts.drain().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(route: &str) -> Answered {
        Answered { method: Method::GET, route: route.to_owned(), status: 200 }
    }

    #[test]
    fn each_traced_request_is_told_by_itself() {
        let (requests, now) = (Requests::default(), Instant::now());
        for _ in 0..3 {
            assert_eq!(requests.count(answered("/a"), true, now), [(answered("/a"), 1)]);
        }
        assert_eq!(requests.take(), []);
    }

    #[test]
    fn the_next_traced_one_tells_of_those_that_were_not() {
        let (requests, now) = (Requests::default(), Instant::now());
        assert_eq!(requests.count(answered("/a"), false, now), [(answered("/a"), 1)], "the first is news");
        assert_eq!(requests.count(answered("/a"), false, now), []);
        assert_eq!(requests.count(answered("/b"), false, now), []);
        assert_eq!(requests.count(answered("/a"), true, now), [(answered("/a"), 2)]);
        assert_eq!(requests.take(), [(answered("/b"), 1)]);
    }

    #[test]
    fn after_a_second_all_are_told() {
        let (requests, now) = (Requests::default(), Instant::now());
        requests.count(answered("/a"), false, now);
        requests.count(answered("/a"), false, now);
        let told = requests.count(answered("/b"), false, now + INTERVAL);
        assert_eq!(told, [(answered("/a"), 1), (answered("/b"), 1)]);
        assert_eq!(requests.take(), []);
    }
}
