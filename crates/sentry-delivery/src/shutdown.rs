//! The end, in steps: whoever begins it waits until it is over.

use std::pin::pin;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// How far the end has come.
#[derive(Default)]
pub(crate) struct Shutdown {
    phase: Mutex<Phase>,
    begun: Notify,
    ended: Condvar,
}

#[derive(Default, Clone, Copy, PartialEq)]
enum Phase {
    #[default]
    Open,
    Closing(Steps),
    /// False where something was discarded at the end.
    Ended(bool),
}

/// How the time of a shutdown is spent: most of it on sending, the rest on waiting for answers, and on saving what is
/// left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Steps {
    /// Until here, envelopes are handed out to be sent.
    pub(crate) send_until: Instant,
    /// Until here, those under way are waited for.
    pub(crate) wait_until: Instant,
    /// By now, everything must be over.
    pub(crate) deadline: Instant,
}

impl Steps {
    /// The steps for so many errors that are not encoded yet. With a spool, what a server that is down would get is
    /// safer there than with a wait for it: then nothing more is sent.
    pub(crate) fn new(now: Instant, timeout: Duration, not_encoded: usize, is_hopeless: bool) -> Self {
        /// To encode and save one error takes a fraction of a millisecond.
        const TO_SAVE_ONE: Duration = Duration::from_micros(500);
        let to_save = TO_SAVE_ONE * u32::try_from(not_encoded).unwrap_or(u32::MAX);
        let to_save = to_save.max(timeout / 10).min(timeout / 2);
        let wait_until = if is_hopeless { now } else { now + (timeout - to_save) };
        // What is sent later than an answer takes, and saved as unanswered, arrives twice.
        let send_until = if is_hopeless { now } else { wait_until - timeout * 3 / 10 };
        // Whoever waits for the end is to see it before the time is over.
        Self { send_until, wait_until, deadline: now + timeout - timeout / 20 }
    }
}

impl Shutdown {
    /// Begins the end, unless somebody has.
    pub(crate) fn begin(&self, steps: Steps) {
        let mut phase = self.lock();
        if *phase == Phase::Open {
            *phase = Phase::Closing(steps);
        }
        drop(phase);
        self.begun.notify_waiters();
    }

    /// Waits for the beginning of the end.
    pub(crate) async fn begun(&self) -> Steps {
        loop {
            let mut begun = pin!(self.begun.notified());
            begun.as_mut().enable();
            if let Some(steps) = self.steps() {
                return steps;
            }
            begun.await;
        }
    }

    /// The steps, once it has begun.
    pub(crate) fn steps(&self) -> Option<Steps> {
        if let Phase::Closing(steps) = *self.lock() { Some(steps) } else { None }
    }

    /// Reports that the sender has ended, and whether nothing was discarded at the end. The first report counts.
    pub(crate) fn end(&self, is_complete: bool) {
        let mut phase = self.lock();
        if !matches!(*phase, Phase::Ended(_)) {
            *phase = Phase::Ended(is_complete);
        }
        drop(phase);
        self.ended.notify_all();
    }

    /// Waits until the sender has ended. True if nothing was discarded at the end, `None` if it took too long.
    pub(crate) fn wait(&self, deadline: Instant) -> Option<bool> {
        let mut phase = self.lock();
        loop {
            if let Phase::Ended(is_complete) = *phase {
                return Some(is_complete);
            }
            let left = deadline.checked_duration_since(Instant::now())?;
            phase = self.ended.wait_timeout(phase, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Phase> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
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
            assert!(now <= steps.send_until && steps.send_until < steps.wait_until, "{not_encoded}");
            assert!(steps.wait_until <= steps.deadline && steps.deadline < now + TIMEOUT, "{not_encoded}");
            assert!(steps.wait_until <= now + TIMEOUT * 9 / 10, "{not_encoded}");
            assert!(steps.wait_until >= now + TIMEOUT / 2, "{not_encoded}");
        }
        let hopeless = Steps::new(now, TIMEOUT, 0, true);
        assert_eq!((hopeless.send_until, hopeless.wait_until), (now, now));
        assert_eq!(Steps::new(now, Duration::ZERO, 7, false), Steps::new(now, Duration::ZERO, 0, true));
    }

    #[test]
    fn the_first_steps_and_the_first_end_count() {
        let (shutdown, now) = (Shutdown::default(), Instant::now());
        assert_eq!((shutdown.steps(), shutdown.wait(now)), (None, None));
        let first = Steps::new(now, TIMEOUT, 0, false);
        shutdown.begin(first);
        shutdown.begin(Steps::new(now, TIMEOUT * 2, 0, false));
        assert_eq!(shutdown.steps(), Some(first));
        shutdown.end(false);
        shutdown.end(true);
        assert_eq!(shutdown.wait(now), Some(false));
    }
}
