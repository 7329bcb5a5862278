//! The state of the connection to the server. While the server is down, everything waits, and one envelope at a time
//! finds out whether it is back.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The first wait after a failure, and the longest. Each is twice the one before, less a random part.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// The longest wait during a shutdown, which has seconds only.
const LONGEST_WAIT_AT_SHUTDOWN: Duration = Duration::from_millis(250);

/// How long a probe without an answer keeps others back during a shutdown.
const LONGEST_PROBE_AT_SHUTDOWN: Duration = Duration::from_secs(1);

/// Closed while the server answers, open while it does not.
#[derive(Debug, Default)]
pub(crate) struct CircuitBreaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    failures: u32,
    open: Option<Open>,
    is_closing: bool,
}

#[derive(Debug)]
struct Open {
    since: Instant,
    not_before: Instant,
    /// When the envelope left that is to find out.
    probe: Option<Instant>,
}

/// May an envelope be sent?
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Permit {
    Granted,
    /// Not before this moment; `None` means not before the probe is back.
    Denied(Option<Instant>),
}

impl CircuitBreaker {
    /// Asks for a permit to send. While the breaker is open, one envelope at a time gets it: the probe.
    pub(crate) fn enter(&self, now: Instant) -> Permit {
        let mut state = self.lock();
        let is_closing = state.is_closing;
        let Some(open) = &mut state.open else { return Permit::Granted };
        let not_before = match open.probe {
            None => open.not_before,
            Some(begun) if is_closing => open.not_before.max(begun + LONGEST_PROBE_AT_SHUTDOWN),
            Some(_) => return Permit::Denied(None),
        };
        if not_before > now {
            return Permit::Denied(Some(not_before));
        }
        open.probe = Some(now);
        Permit::Granted
    }

    /// The server answered. True if it did not before.
    pub(crate) fn close(&self) -> bool {
        let mut state = self.lock();
        state.failures = 0;
        state.open.take().is_some()
    }

    /// A request failed. Requests that were under way together count once. True if the server was well until now.
    pub(crate) fn failed(&self, now: Instant) -> bool {
        let mut state = self.lock();
        let since = match &state.open {
            Some(open) if open.probe.is_none() => return false,
            open => open.as_ref().map(|open| open.since),
        };
        let longest = if state.is_closing { LONGEST_WAIT_AT_SHUTDOWN } else { LONGEST_WAIT };
        let wait = FIRST_WAIT.saturating_mul(1 << state.failures.min(16)).min(longest);
        state.failures += 1;
        // Between half of it and all of it, so that services that failed together do not come back together.
        let not_before = now + wait.mul_f64(rand::random_range(0.5..=1.0));
        state.open = Some(Open { since: since.unwrap_or(now), not_before, probe: None });
        since.is_none()
    }

    /// Returns a permit that was not used.
    pub(crate) fn release_permit(&self) {
        if let Some(open) = &mut self.lock().open {
            open.probe = None;
        }
    }

    /// Shortens all waits from now on, since the shutdown has begun.
    pub(crate) fn hurry(&self, now: Instant) {
        let mut state = self.lock();
        state.is_closing = true;
        if let Some(open) = &mut state.open {
            open.not_before = open.not_before.min(now + LONGEST_WAIT_AT_SHUTDOWN);
        }
    }

    /// For how long the server has not answered.
    pub(crate) fn outage_age(&self, now: Instant) -> Option<Duration> {
        self.lock().open.as_ref().map(|open| now.duration_since(open.since))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn denied_until(breaker: &CircuitBreaker, now: Instant) -> Instant {
        let Permit::Denied(Some(until)) = breaker.enter(now) else { panic!("it must wait") };
        until
    }

    #[test]
    fn waits_double_up_to_a_bound_and_one_probe_goes_at_a_time() {
        let (breaker, mut now) = (CircuitBreaker::default(), Instant::now());
        let mut waits = Vec::new();
        for failures in 0..12 {
            assert_eq!(breaker.enter(now), Permit::Granted);
            assert_eq!(breaker.failed(now), failures == 0);
            // The others that were under way fail, too; that is no news.
            assert!(!breaker.failed(now));
            let until = denied_until(&breaker, now);
            waits.push(until - now);
            now = until;
        }
        for (failures, wait) in waits.iter().enumerate() {
            let whole = (FIRST_WAIT * (1 << failures)).min(LONGEST_WAIT);
            assert!((whole / 2..=whole).contains(wait), "{failures}: {wait:?}");
        }
        assert_eq!(breaker.enter(now), Permit::Granted);
        assert_eq!(breaker.enter(now), Permit::Denied(None), "the probe is under way");
        assert!(breaker.close());
        assert!(!breaker.close(), "it was closed already");
        assert_eq!(breaker.enter(now), Permit::Granted);
        assert_eq!(breaker.enter(now), Permit::Granted);
    }

    #[test]
    fn a_permit_that_is_released_goes_to_another_without_a_new_wait() {
        let (breaker, now) = (CircuitBreaker::default(), Instant::now());
        breaker.failed(now);
        let later = denied_until(&breaker, now);
        assert_eq!(breaker.enter(later), Permit::Granted);
        breaker.release_permit();
        assert_eq!(breaker.enter(later), Permit::Granted);
    }

    #[test]
    fn an_outage_is_as_old_as_its_first_failure() {
        let (breaker, now) = (CircuitBreaker::default(), Instant::now());
        assert_eq!(breaker.outage_age(now), None);
        breaker.failed(now);
        let later = now + Duration::from_secs(5);
        assert_eq!(breaker.enter(later), Permit::Granted);
        breaker.failed(later);
        assert_eq!(breaker.outage_age(later), Some(Duration::from_secs(5)));
        breaker.close();
        assert_eq!(breaker.outage_age(later), None);
    }

    #[test]
    fn a_shutdown_shortens_the_waits() {
        let (breaker, mut now) = (CircuitBreaker::default(), Instant::now());
        for _ in 0..10 {
            breaker.failed(now);
            now = denied_until(&breaker, now);
            assert_eq!(breaker.enter(now), Permit::Granted);
        }
        breaker.failed(now);
        assert!(denied_until(&breaker, now) - now > LONGEST_WAIT_AT_SHUTDOWN);
        breaker.hurry(now);
        for _ in 0..3 {
            let until = denied_until(&breaker, now);
            assert!(until - now <= LONGEST_WAIT_AT_SHUTDOWN);
            assert_eq!(breaker.enter(until), Permit::Granted);
            breaker.failed(until);
            now = until;
        }
    }

    #[test]
    fn a_probe_without_an_answer_keeps_the_next_one_back_for_a_second_during_a_shutdown_only() {
        let (breaker, now) = (CircuitBreaker::default(), Instant::now());
        breaker.failed(now);
        let begun = denied_until(&breaker, now);
        assert_eq!(breaker.enter(begun), Permit::Granted);
        let later = begun + Duration::from_secs(60);
        assert_eq!(breaker.enter(later), Permit::Denied(None));
        breaker.hurry(begun);
        for count in 1..5 {
            let next = begun + LONGEST_PROBE_AT_SHUTDOWN * count;
            assert_eq!(denied_until(&breaker, next - Duration::from_millis(1)), next);
            assert_eq!(breaker.enter(next), Permit::Granted);
        }
    }
}
