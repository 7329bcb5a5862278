//! Amounts that are summed up where there are many: a metric costs more than a fast handler.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long an amount waits to be reported, at most, where others follow.
const INTERVAL: Duration = Duration::from_secs(1);

/// So many amounts of a sum are reported one by one in each interval.
const ONE_BY_ONE: u32 = 100;

/// A name with an attribute, if it has one. Both are written in the code, so there are few.
pub(super) type Key = (&'static str, Option<(&'static str, &'static str)>);

/// Amounts that are not reported yet.
#[derive(Debug, Default)]
pub(super) struct Sums(Mutex<HashMap<Key, Sum>>);

#[derive(Debug)]
struct Sum {
    unreported: f64,
    /// When the interval began.
    began: Instant,
    /// How many amounts may still be reported one by one.
    left: u32,
}

impl Sums {
    /// Adds an amount. Returns what is to be reported now, with all that waited; `None` if it waits for a later one.
    pub(super) fn add(&self, key: Key, amount: f64, now: Instant) -> Option<f64> {
        let mut sums = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = || Sum { unreported: 0.0, began: now, left: ONE_BY_ONE };
        let sum = sums.entry(key).or_insert_with(fresh);
        if now.duration_since(sum.began) >= INTERVAL {
            (sum.began, sum.left) = (now, ONE_BY_ONE);
        }
        sum.unreported += amount;
        if sum.left == 0 {
            return None;
        }
        sum.left -= 1;
        Some(std::mem::take(&mut sum.unreported))
    }

    /// Everything that is not reported yet.
    pub(super) fn take(&self) -> Vec<(Key, f64)> {
        let mut sums = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let rest = sums.iter_mut().map(|(key, sum)| (*key, std::mem::take(&mut sum.unreported)));
        rest.filter(|(_, sum)| *sum != 0.0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BETS: Key = ("bets", None);
    const WINS: Key = ("games", Some(("outcome", "win")));

    #[test]
    fn some_amounts_are_reported_one_by_one_and_the_rest_in_sum_after_a_second() {
        let (sums, now) = (Sums::default(), Instant::now());
        for _ in 0..ONE_BY_ONE {
            assert_eq!(sums.add(BETS, 2.5, now), Some(2.5));
        }
        assert_eq!(sums.add(BETS, 1.0, now), None);
        assert_eq!(sums.add(BETS, 0.5, now), None);
        assert_eq!(sums.add(WINS, 1.0, now), Some(1.0), "each sum has its own share");
        assert_eq!(sums.add(BETS, 2.0, now + INTERVAL), Some(3.5));
        assert_eq!(sums.take(), []);
    }

    #[test]
    fn what_is_left_at_the_end_can_be_taken() {
        let (sums, now) = (Sums::default(), Instant::now());
        (0..ONE_BY_ONE + 3).for_each(|_| _ = sums.add(BETS, 1.0, now));
        assert_eq!(sums.take(), [(BETS, 3.0)]);
        assert_eq!(sums.take(), []);
    }
}
