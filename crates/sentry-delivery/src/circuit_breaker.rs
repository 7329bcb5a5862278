//! A server that cannot be reached: everything waits, and one envelope at a time finds out whether it is back.

use std::time::{Duration, Instant};

/// The first wait after a failure, and the longest. Each is twice the one before, less a random part.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// The longest wait during a shutdown, which has seconds only.
const LONGEST_WAIT_AT_SHUTDOWN: Duration = Duration::from_millis(250);

/// The state of the connection to the server.
#[derive(Debug, Default)]
pub(super) struct CircuitBreaker {
    failures: u32,
    since: Option<Instant>,
    not_before: Option<Instant>,
    /// An envelope is on its way to find out.
    probing: bool,
}

/// May an envelope be sent?
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Permit {
    Granted,
    /// Not before this, or before somebody else's envelope has found out.
    Denied(Option<Instant>),
}

impl CircuitBreaker {
    /// Asks for a permit to send. While the breaker is open, one envelope at a time gets it: the probe.
    pub(super) fn enter(&mut self, now: Instant) -> Permit {
        match self.not_before {
            None => Permit::Granted,
            Some(_) if self.probing => Permit::Denied(None),
            Some(time) if time > now => Permit::Denied(Some(time)),
            Some(_) => {
                self.probing = true;
                Permit::Granted
            }
        }
    }

    /// The server answered.
    pub(super) fn over(&mut self) {
        *self = Self::default();
    }

    /// A request failed. Those that were under way together count once.
    pub(super) fn failed(&mut self, now: Instant, closing: bool) {
        let first = self.since.is_none();
        if !first && !self.probing {
            return;
        }
        self.probing = false;
        self.since.get_or_insert(now);
        let longest = if closing { LONGEST_WAIT_AT_SHUTDOWN } else { LONGEST_WAIT };
        let wait = FIRST_WAIT.saturating_mul(1 << self.failures.min(16)).min(longest);
        self.failures += 1;
        // Between half of it and all of it: services that failed together should not come back together.
        self.not_before = Some(now + wait.mul_f64(rand::random_range(0.5..=1.0)));
    }

    /// The probe came back without an answer to the question.
    pub(super) fn release_permit(&mut self) {
        self.probing = false;
    }

    /// Shortens the wait, since the end is near.
    pub(super) fn hurry(&mut self, now: Instant) {
        if let Some(time) = &mut self.not_before {
            *time = (*time).min(now + LONGEST_WAIT_AT_SHUTDOWN);
        }
    }

    /// For how long nobody has answered.
    pub(super) fn age(&self, now: Instant) -> Option<Duration> {
        self.since.map(|since| now.duration_since(since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_bound_and_one_probe_goes_at_a_time() {
        let (mut breaker, mut now) = (CircuitBreaker::default(), Instant::now());
        let mut waits = Vec::new();
        for _ in 0..12 {
            assert_eq!(breaker.enter(now), Permit::Granted);
            breaker.failed(now, false);
            // The others that were under way fail, too; that is no news.
            breaker.failed(now, false);
            let Permit::Denied(Some(until)) = breaker.enter(now) else { panic!("it must wait") };
            waits.push(until - now);
            now = until;
        }
        for (failures, wait) in waits.iter().enumerate() {
            let whole = (FIRST_WAIT * (1 << failures)).min(LONGEST_WAIT);
            assert!((whole / 2..=whole).contains(wait), "{failures}: {wait:?}");
        }
        assert_eq!(breaker.enter(now), Permit::Granted);
        assert_eq!(breaker.enter(now), Permit::Denied(None), "the probe is under way");
        breaker.over();
        assert_eq!(breaker.enter(now), Permit::Granted);
        assert_eq!(breaker.enter(now), Permit::Granted);
    }
}
