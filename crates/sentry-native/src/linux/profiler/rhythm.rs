//! When the sampler looks: at each moment, or, while the process does next to nothing, at one of [`STANDBY`].
//!
//! To wake costs more than to look. Timers, heartbeats and statistics make a service without requests wake some ten times
//! a second for a moment each; a sampler that wakes a hundred times would be most of what such a process does.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use sentry_context::profile::{FREQUENCY, standby};

/// Between two samples.
pub(super) const PERIOD: Duration = Duration::from_nanos(1_000_000_000 / FREQUENCY as u64);

/// Moments from one look to the next while the process does next to nothing.
pub(super) const STANDBY: u32 = 10;

/// So many looks in a row have to find next to nothing before.
const CALM: u32 = 10;

/// CPU time from one moment to the next that is next to nothing.
const LITTLE: Duration = Duration::from_micros(300);

/// CPU time beyond that which ends the calm: some work at once may be that of a timer.
const BURST: Duration = LITTLE.saturating_mul(CALM);

/// The moments of a profile, and which of them are looked at.
#[derive(Debug)]
pub(super) struct Rhythm {
    /// The latest moment, of those that all are one period from the next.
    moment: Instant,
    /// Looks in a row that found next to nothing.
    calm: u32,
    /// CPU time beyond what is little, less what was below it since.
    excess: Duration,
    /// Wakes a span that begins the sampler?
    is_on_standby: bool,
}

/// Moments that are left out before a look, on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LeftOut {
    first: Instant,
    pub(super) count: u32,
}

impl LeftOut {
    pub(super) fn none() -> Self {
        Self::of(Instant::now(), 0)
    }

    pub(super) fn of(first: Instant, count: u32) -> Self {
        Self { first, count }
    }

    pub(super) fn moments(self) -> impl Iterator<Item = Instant> {
        (0..self.count).map(move |number| self.first + PERIOD * number)
    }
}

impl Rhythm {
    pub(super) fn new() -> Self {
        Self { moment: Instant::now(), calm: 0, excess: Duration::ZERO, is_on_standby: false }
    }

    /// Begins anew, after a time without looks.
    pub(super) fn restart(&mut self) {
        standby::end();
        *self = Self::new();
    }

    /// Notes what a look found, so many moments after the one before: the CPU time of the others since, and whether
    /// one of them does something that shows.
    pub(super) fn note(&mut self, used: Duration, is_busy: bool, moments: u32) {
        let excess = self.excess.saturating_add(used).saturating_sub(LITTLE * moments);
        self.excess = excess.min(2 * BURST);
        let is_calm = !is_busy && self.excess <= BURST;
        self.calm = if is_calm { (self.calm + 1).min(CALM) } else { 0 };
    }

    /// Sleeps until the next look.
    pub(super) fn sleep(&mut self, is_over: &AtomicBool) -> LeftOut {
        let first = following(self.moment, Instant::now());
        let is_calm = self.calm >= CALM;
        if is_calm && self.is_on_standby {
            self.rest(first, is_over);
        } else {
            // Before it sleeps for longer, it looks once more: work may have begun before this.
            if is_calm {
                standby::begin();
            } else if self.is_on_standby {
                standby::end();
            }
            self.is_on_standby = is_calm;
            self.moment = first;
        }
        sleep_until(self.moment, || is_over.load(Relaxed));
        let since = self.moment.saturating_duration_since(first);
        LeftOut::of(first, (since.as_nanos() / PERIOD.as_nanos()) as u32)
    }

    /// Sleeps until work with a span begins, or for [`STANDBY`] moments.
    fn rest(&mut self, first: Instant, is_over: &AtomicBool) {
        let last = first + PERIOD * (STANDBY - 1);
        sleep_until(last, || !standby::is_on() || is_over.load(Relaxed));
        // The moments stay the same: a sample at the begin of each request would count for a whole period.
        self.moment = following(first - PERIOD, Instant::now()).min(last);
        if !standby::is_on() {
            (self.calm, self.is_on_standby) = (0, false);
        }
    }
}

fn sleep_until(time: Instant, is_over: impl Fn() -> bool) {
    while !is_over() {
        let left = time.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        thread::park_timeout(left);
    }
}

/// The moment after that one: one that was missed is left out, so that those that follow stay in step.
fn following(time: Instant, now: Instant) -> Instant {
    let missed = now.saturating_duration_since(time).as_nanos() / PERIOD.as_nanos();
    time + PERIOD * (u32::try_from(missed).unwrap_or(u32::MAX - 1) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What timers and heartbeats of an idle service take from one moment to the next.
    const HEARTBEATS: Duration = LITTLE;

    fn calm(rhythm: &mut Rhythm) {
        (0..CALM).for_each(|_| rhythm.note(HEARTBEATS, false, 1));
        assert_eq!(rhythm.calm, CALM);
    }

    #[test]
    fn timers_and_heartbeats_are_no_work_but_a_thread_that_does_something_is() {
        let mut rhythm = Rhythm::new();
        calm(&mut rhythm);
        rhythm.note(BURST, false, 1);
        assert_eq!(rhythm.calm, CALM, "a timer that does much for once");
        rhythm.note(BURST, false, 1);
        assert_eq!(rhythm.calm, 0, "work all the time");
        calm_after(&mut rhythm, 2 * CALM);
        rhythm.note(Duration::ZERO, true, 1);
        assert_eq!(rhythm.calm, 0, "a thread that does something");
        rhythm.note(Duration::MAX, false, 1);
        calm_after(&mut rhythm, 3 * CALM);
        rhythm.note(HEARTBEATS * STANDBY, false, STANDBY);
        assert_eq!(rhythm.calm, CALM, "the same for more moments");
        rhythm.note(HEARTBEATS * STANDBY + 2 * BURST, false, STANDBY);
        assert_eq!(rhythm.calm, 0);
    }

    fn calm_after(rhythm: &mut Rhythm, looks: u32) {
        (0..looks).for_each(|_| rhythm.note(Duration::ZERO, false, 1));
        assert_eq!(rhythm.calm, CALM);
    }

    #[test]
    fn moments_are_left_out_once_it_is_calm_and_those_that_follow_stay_in_step() {
        let is_over = AtomicBool::new(false);
        let mut rhythm = Rhythm::new();
        let began = rhythm.moment;
        assert_eq!(rhythm.sleep(&is_over).count, 0);
        calm(&mut rhythm);
        assert_eq!(rhythm.sleep(&is_over).count, 0, "it looks once more");
        let before = rhythm.moment;
        let left_out = rhythm.sleep(&is_over);
        assert_eq!(left_out.count, STANDBY - 1);
        assert!(left_out.moments().all(|moment| before < moment && moment < rhythm.moment));
        assert_eq!((rhythm.moment - began).as_nanos() % PERIOD.as_nanos(), 0);
        rhythm.note(Duration::ZERO, true, STANDBY);
        assert_eq!(rhythm.sleep(&is_over).count, 0);
        assert!(!standby::is_on() && !rhythm.is_on_standby);
    }

    #[test]
    fn an_end_is_not_slept_through() {
        let is_over = AtomicBool::new(true);
        let mut rhythm = Rhythm::new();
        rhythm.moment += Duration::from_secs(3_600);
        rhythm.sleep(&is_over);
        (rhythm.calm, rhythm.is_on_standby) = (CALM, true);
        rhythm.sleep(&is_over);
    }

    #[test]
    fn a_missed_moment_is_left_out_and_the_next_one_keeps_step() {
        let start = Instant::now();
        let after = |micros| following(start, start + Duration::from_micros(micros)) - start;
        assert_eq!((after(0), after(9_000)), (PERIOD, PERIOD));
        assert_eq!((after(9_901), after(25_000)), (2 * PERIOD, 3 * PERIOD));
    }
}
