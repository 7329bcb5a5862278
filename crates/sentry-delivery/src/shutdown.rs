//! The shutdown, in steps. Who begins it waits until it is over.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::SetOnce;

/// How far the shutdown has come.
#[derive(Default)]
pub(crate) struct Shutdown {
    steps: SetOnce<Steps>,
    /// Was nothing discarded? `None` until it is over.
    complete: Mutex<Option<bool>>,
    ended: Condvar,
}

/// How the time of a shutdown is spent: first on sending, then on waiting for answers, then on saving what is left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Steps {
    /// Requests in flight are waited for until then.
    pub(crate) wait_until: Instant,
    /// Everything must be over by then.
    pub(crate) deadline: Instant,
    /// How long before `wait_until` requests are no longer begun, at least and at most. What is sent too late for its
    /// answer, and saved as unanswered, arrives twice.
    reserve: [Duration; 2],
}

impl Steps {
    /// The steps for so many errors that are not encoded yet. Where the server is down and there is a spool, nothing
    /// more is sent: on disk, errors are safer than with a wait for the server.
    pub(crate) fn new(now: Instant, timeout: Duration, not_encoded: usize, is_hopeless: bool) -> Self {
        /// To encode and save one error takes a fraction of a millisecond.
        const TO_SAVE_ONE: Duration = Duration::from_micros(500);
        let to_save = TO_SAVE_ONE * u32::try_from(not_encoded).unwrap_or(u32::MAX);
        let to_save = to_save.max(timeout / 10).min(timeout / 2);
        let wait_until = if is_hopeless { now } else { now + (timeout - to_save) };
        // The caller is to see the end before its time is over.
        let deadline = now + timeout - timeout / 20;
        let reserve = if is_hopeless { [Duration::ZERO; 2] } else { [timeout / 50, timeout * 3 / 10] };
        Self { wait_until, deadline, reserve }
    }

    /// Until when requests are begun, where the server takes so long for an answer.
    pub(crate) fn send_until(&self, answer_time: Duration) -> Instant {
        let [least, most] = self.reserve;
        self.wait_until - answer_time.saturating_mul(2).clamp(least, most)
    }
}

impl Shutdown {
    /// Begins the shutdown. The first call counts.
    pub(crate) fn begin(&self, steps: Steps) {
        let _ = self.steps.set(steps);
    }

    /// Waits until it begins.
    pub(crate) async fn begun(&self) -> Steps {
        *self.steps.wait().await
    }

    /// The steps, once it has begun.
    pub(crate) fn steps(&self) -> Option<Steps> {
        self.steps.get().copied()
    }

    /// Ends it. The first call counts: was nothing discarded?
    pub(crate) fn end(&self, is_complete: bool) {
        self.complete.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(is_complete);
        self.ended.notify_all();
    }

    /// Waits until it is over, and returns whether nothing was discarded; `None` if that takes longer than allowed.
    pub(crate) fn wait(&self, timeout: Duration) -> Option<bool> {
        let complete = self.complete.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.ended.wait_timeout_while(complete, timeout, |complete| complete.is_none());
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(5);

    #[test]
    fn the_steps_come_in_order_and_leave_time_to_save() {
        let now = Instant::now();
        for not_encoded in [0, 1, 1_000, 20_000, usize::MAX] {
            let steps = Steps::new(now, TIMEOUT, not_encoded, false);
            assert!(steps.wait_until <= steps.deadline && steps.deadline < now + TIMEOUT, "{not_encoded}");
            assert!(steps.wait_until <= now + TIMEOUT * 9 / 10, "{not_encoded}");
            assert!(steps.wait_until >= now + TIMEOUT / 2, "{not_encoded}");
            for answer_time in [Duration::ZERO, Duration::from_secs(1), Duration::MAX] {
                let send_until = steps.send_until(answer_time);
                assert!(now <= send_until && send_until < steps.wait_until, "{not_encoded}, {answer_time:?}");
            }
        }
        let hopeless = Steps::new(now, TIMEOUT, 0, true);
        assert_eq!((hopeless.wait_until, hopeless.send_until(Duration::MAX)), (now, now));
        let without_time = Steps::new(now, Duration::ZERO, 7, false);
        assert_eq!((without_time.wait_until, without_time.send_until(Duration::MAX)), (now, now));
    }

    #[test]
    fn a_server_that_answers_at_once_is_sent_to_for_longer_than_a_slow_one() {
        let (now, answer_times) = (Instant::now(), [0, 40, 200, 600, 5_000].map(Duration::from_millis));
        let steps = Steps::new(now, TIMEOUT, 0, false);
        let left = answer_times.map(|answer_time| steps.wait_until - steps.send_until(answer_time));
        assert_eq!(left, [100, 100, 400, 1_200, 1_500].map(Duration::from_millis));
    }

    #[test]
    fn the_first_steps_and_the_first_end_count() {
        let (shutdown, now) = (Shutdown::default(), Instant::now());
        assert_eq!((shutdown.steps(), shutdown.wait(Duration::ZERO)), (None, None));
        let first = Steps::new(now, TIMEOUT, 0, false);
        shutdown.begin(first);
        shutdown.begin(Steps::new(now, TIMEOUT * 2, 0, false));
        assert_eq!(shutdown.steps(), Some(first));
        shutdown.end(false);
        shutdown.end(true);
        assert_eq!(shutdown.wait(Duration::ZERO), Some(false));
    }
}
