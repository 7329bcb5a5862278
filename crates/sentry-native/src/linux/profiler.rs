//! Samples the stacks of all threads, 101 times a second.
//!
//! One thread wakes at absolute times. It asks the threads that have run since the last time for their stacks, and reads
//! the answers when it wakes the next time: nobody waits for anybody. A thread that did not run is not asked, since it
//! still is where it was, and a signal would wake it. Where the whole process did not run, it looks at none of them.
//!
//! To wake costs more than to look. While the process does next to nothing, every other moment is left out, and counts as
//! the one that follows it: so the time of what is seen stays right on average.

mod activity;
mod known;
mod place;
mod regions;
mod threads;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use sentry_context::platform::Sampling;
use sentry_context::profile::{CHUNK, FREQUENCY, Lifecycle, Recorder, Recording, roots};
use sentry_context::runtime_stats;

use super::stack::Unwinder;
use activity::Activity;
use threads::Threads;

/// Why there is no profile; `None` where there is one.
pub(crate) const UNAVAILABLE: Option<&str> = None;

/// Between two samples.
const PERIOD: Duration = Duration::from_nanos(1_000_000_000 / FREQUENCY as u64);

/// Between two looks at which threads there are, and at the figures of the process.
const LISTING: Duration = Duration::from_secs(1);

/// A pause after which a new chunk begins: the process was stopped, and Sentry takes no chunk of more than 66 s.
const GAP: Duration = Duration::from_secs(5);

/// Starts the sampler.
pub(crate) fn start(lifecycle: Lifecycle, recorder: Recorder) -> io::Result<Option<Box<dyn Sampling>>> {
    // The first time takes longer than a sample may.
    Unwinder::with_own(|_| ());
    let stop = Arc::new(AtomicBool::new(false));
    let sampler = Sampler::new(lifecycle, recorder, Arc::clone(&stop));
    let thread = thread::Builder::new().name("sentry-profiler".to_owned()).spawn(move || sampler.run())?;
    Ok(Some(Box::new(Running { stop, thread: thread.thread().clone() })))
}

#[derive(Debug)]
struct Running {
    stop: Arc<AtomicBool>,
    thread: Thread,
}

impl Sampling for Running {
    fn stop(self: Box<Self>) {
        self.stop.store(true, Relaxed);
        self.thread.unpark();
    }
}

struct Sampler {
    lifecycle: Lifecycle,
    recorder: Recorder,
    stop: Arc<AtomicBool>,
    threads: Threads,
    activity: Activity,
    open: Option<Open>,
    listed: Option<Instant>,
}

/// The recording that is being made.
struct Open {
    recording: Recording,
    start: Instant,
    latest: Instant,
    /// The first of the latest moments at which nobody had run.
    quiet: Option<u32>,
}

impl Sampler {
    fn new(lifecycle: Lifecycle, recorder: Recorder, stop: Arc<AtomicBool>) -> Self {
        let (threads, activity) = (Threads::default(), Activity::default());
        Self { lifecycle, recorder, stop, threads, activity, open: None, listed: None }
    }

    fn run(mut self) {
        if self.lifecycle == Lifecycle::Trace {
            roots::unpark_this_thread();
        }
        let mut next = Instant::now();
        let mut left_out = None;
        while !self.stop.load(Relaxed) {
            if self.lifecycle == Lifecycle::Trace && !roots::is_open() {
                self.rest();
                (next, left_out) = (Instant::now(), None);
                continue;
            }
            self.tick(Instant::now(), left_out.take());
            (next, left_out) = planned(following(next, Instant::now()), self.activity.is_little());
            self.sleep_until(next);
        }
        self.catch_up();
        if let Some(open) = self.finished() {
            self.recorder.finish(open);
        }
    }

    /// The moment `now`, which also counts for one that was left out.
    fn tick(&mut self, now: Instant, left_out: Option<Instant>) {
        let is_due = self.listed.is_none_or(|listed| now - listed >= LISTING);
        let may_be_quiet = !self.activity.has_been() && !is_due && !self.threads.are_asked();
        if let Some(open) = &mut self.open
            && may_be_quiet
            && !open.is_over(now, 0)
        {
            open.pass(now, left_out);
            return;
        }
        self.catch_up();
        let most = self.threads.most_new_samples();
        if self.open.as_ref().is_some_and(|open| open.is_over(now, most)) {
            self.hand_over();
        }
        let recorder = &self.recorder;
        let open = self.open.get_or_insert_with(|| Open::new(recorder.begin(), now));
        let tick = open.tick(now, left_out);
        if is_due {
            self.listed = Some(now);
            open.recording.measure(now - open.start, runtime_stats::read());
        }
        // One that begins as another ends is found a little later.
        if self.threads.have_changed() || is_due {
            self.threads.list(&mut open.recording);
        }
        self.threads.sample(tick, &mut open.recording);
    }

    /// Notes what is known of the moments before, and was not noted yet.
    fn catch_up(&mut self) {
        let recording = self.open.as_mut().map(|open| {
            if let Some(quiet) = open.quiet.take() {
                self.threads.repeat(quiet, &mut open.recording);
            }
            &mut open.recording
        });
        self.threads.answers(recording);
    }

    /// While no transaction is open.
    fn rest(&mut self) {
        let now = Instant::now();
        self.catch_up();
        if let Some(open) = &mut self.open {
            open.tick(now, None);
            self.threads.rest(&mut open.recording);
        }
        while !self.stop.load(Relaxed) && !roots::is_open() {
            let left = self.open.as_ref().map(|open| CHUNK.saturating_sub(open.start.elapsed()));
            if left.is_some_and(|left| left.is_zero()) {
                self.hand_over();
            }
            thread::park_timeout(left.unwrap_or(CHUNK));
        }
        if let Some(open) = &mut self.open {
            open.latest = Instant::now();
        }
    }

    fn hand_over(&mut self) {
        if let Some(recording) = self.finished() {
            self.recorder.record(recording);
        }
    }

    fn finished(&mut self) -> Option<Recording> {
        let mut recording = self.open.take()?.recording;
        self.threads.name(&mut recording);
        Some(recording)
    }

    fn sleep_until(&self, time: Instant) {
        while !self.stop.load(Relaxed) {
            let left = time.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            thread::park_timeout(left);
        }
    }
}

impl Open {
    fn new(recording: Recording, now: Instant) -> Self {
        Self { recording, start: now, latest: now, quiet: None }
    }

    /// The number of the moment, or that of the one which was left out before it.
    fn tick(&mut self, now: Instant, left_out: Option<Instant>) -> u32 {
        // It is of no recording where this one began later.
        let left_out = left_out.filter(|at| *at > self.latest && *at < now);
        let first = left_out.map(|at| self.recording.tick(at - self.start));
        self.latest = now;
        let tick = self.recording.tick(now - self.start);
        first.unwrap_or(tick)
    }

    /// A moment at which each thread still is where it was.
    fn pass(&mut self, now: Instant, left_out: Option<Instant>) {
        let tick = self.tick(now, left_out);
        self.quiet.get_or_insert(tick);
    }

    fn is_over(&self, now: Instant, most_new: usize) -> bool {
        now - self.start >= CHUNK || now - self.latest >= GAP || self.recording.is_full(most_new)
    }
}

/// The time of the next look, and the moment that is left out before it.
fn planned(next: Instant, is_little: bool) -> (Instant, Option<Instant>) {
    if is_little { (next + PERIOD, Some(next)) } else { (next, None) }
}

/// The time of the next sample: one that was missed is left out, so that those that follow stay in step.
fn following(time: Instant, now: Instant) -> Instant {
    let missed = now.saturating_duration_since(time).as_nanos() / PERIOD.as_nanos();
    time + PERIOD * (u32::try_from(missed).unwrap_or(u32::MAX - 1) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_moment_is_left_out_while_the_process_does_next_to_nothing() {
        let next = Instant::now();
        assert_eq!(planned(next, false), (next, None));
        assert_eq!(planned(next, true), (next + PERIOD, Some(next)));
    }

    #[test]
    fn a_moment_that_was_left_out_counts_as_the_one_that_follows() {
        let start = Instant::now();
        let mut open = Open::new(Recording::new(), start);
        assert_eq!(open.tick(start + PERIOD, None), 0);
        assert_eq!(open.tick(start + 3 * PERIOD, Some(start + 2 * PERIOD)), 1);
        assert_eq!(open.tick(start + 4 * PERIOD, None), 3);
        // Those are not before it, or before the recording.
        assert_eq!(open.tick(start + 5 * PERIOD, Some(start + 4 * PERIOD)), 4);
        assert_eq!(open.tick(start + 6 * PERIOD, Some(start + 7 * PERIOD)), 5);
        let mut later = Open::new(Recording::new(), start + 7 * PERIOD);
        assert_eq!(later.tick(start + 7 * PERIOD, Some(start + 6 * PERIOD)), 0);
        open.pass(start + 8 * PERIOD, Some(start + 7 * PERIOD));
        open.pass(start + 9 * PERIOD, None);
        assert_eq!(open.quiet, Some(6));
    }

    #[test]
    fn a_recording_ends_with_its_time_and_with_a_pause() {
        let start = Instant::now();
        let mut open = Open::new(Recording::new(), start);
        open.tick(start + PERIOD, None);
        assert!(!open.is_over(start + GAP, 1));
        assert!(open.is_over(start + PERIOD + GAP, 1), "a pause");
        open.tick(start + CHUNK - PERIOD, None);
        assert!(open.is_over(start + CHUNK, 1), "its time");
        assert!(open.is_over(start + CHUNK - PERIOD, usize::MAX / 1024), "its room");
    }

    #[test]
    fn a_missed_sample_is_left_out_and_the_next_one_keeps_step() {
        let start = Instant::now();
        let after = |micros| following(start, start + Duration::from_micros(micros)) - start;
        assert_eq!((after(0), after(9_000)), (PERIOD, PERIOD));
        assert_eq!((after(9_901), after(25_000)), (2 * PERIOD, 3 * PERIOD));
    }
}
