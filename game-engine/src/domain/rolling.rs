//! Return to player of the last 24 hours, from the spins of this process.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How many hours it looks back; each has its own sums.
const HOURS: usize = 24;

/// An hour, seconds.
const HOUR: u64 = 3_600;

/// How often it is reported, at most.
const INTERVAL: Duration = Duration::from_secs(1);

/// Bets and payouts by hour.
#[derive(Debug, Default)]
pub struct Rolling(Mutex<Sums>);

#[derive(Debug, Default)]
struct Sums {
    /// By the number of the hour, of which the last 24 share no place.
    hours: [Hour; HOURS],
    reported_at: Option<Instant>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Hour {
    /// Hours since 1970.
    number: u64,
    bets: f64,
    payouts: f64,
}

impl Rolling {
    /// Adds a spin of that time, seconds since 1970. Returns the figure in percent where it is due to be reported.
    pub fn add(&self, timestamp: f64, bet: f64, payout: f64, now: Instant) -> Option<f64> {
        let mut sums = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = timestamp.max(0.0) as u64 / HOUR;
        let hour = &mut sums.hours[number as usize % HOURS];
        if hour.number != number {
            *hour = Hour { number, ..Hour::default() };
        }
        hour.bets += bet;
        hour.payouts += payout;
        if sums.reported_at.is_some_and(|at| now.duration_since(at) < INTERVAL) {
            return None;
        }
        sums.reported_at = Some(now);
        Some(sums.percent(number))
    }
}

impl Sums {
    fn percent(&self, this_hour: u64) -> f64 {
        let recent = self.hours.iter().filter(|hour| hour.number + HOURS as u64 > this_hour);
        let (bets, payouts) = recent.fold((0.0, 0.0), |sum, hour| (sum.0 + hour.bets, sum.1 + hour.payouts));
        if bets > 0.0 { payouts / bets * 100.0 } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_older_than_a_day_does_not_count() {
        let (rolling, began) = (Rolling::default(), Instant::now());
        let at = |hours: u32| began + INTERVAL * (hours + 1);
        let spin = |hour: u32, bet: f64, payout: f64| {
            rolling.add(f64::from(hour) * HOUR as f64, bet, payout, at(hour)).unwrap()
        };
        assert_eq!(spin(1_000, 10.0, 20.0), 200.0);
        assert_eq!(spin(1_010, 10.0, 0.0), 100.0);
        assert_eq!(spin(1_023, 20.0, 0.0), 50.0);
        assert_eq!(spin(1_024, 10.0, 10.0), 25.0, "the first hour's place is taken by this one");
        assert_eq!(spin(1_040, 10.0, 10.0), 50.0, "the second hour has its place, and counts no more");
    }

    #[test]
    fn it_is_due_once_a_second() {
        let (rolling, now) = (Rolling::default(), Instant::now());
        assert_eq!(rolling.add(0.0, 1.0, 1.0, now), Some(100.0));
        assert_eq!(rolling.add(0.0, 1.0, 0.0, now), None);
        assert_eq!(rolling.add(0.0, 2.0, 0.0, now + INTERVAL), Some(25.0));
    }
}
