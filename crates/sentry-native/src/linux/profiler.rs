//! Samples the stacks of all threads, 101 times a second.
//!
//! One thread wakes at absolute times. It asks the threads that have run since the last time for their stacks, and reads
//! the answers when it wakes the next time: nobody waits for anybody. A thread that did not run is not asked, since it
//! still is where it was, and a signal would wake it. Where the whole process did not run, it looks at none of them.
//!
//! While the process does next to nothing, it looks seldom ([`rhythm`]); work with a span wakes it. Each thread is taken to
//! have been where it was at the moments that are left out, but for those that its CPU time fills.

mod activity;
mod known;
mod place;
mod regions;
mod rhythm;
mod threads;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use sentry_context::platform::Sampling;
use sentry_context::profile::{CHUNK, Lifecycle, Recorder, Recording, roots};
use sentry_context::runtime_stats;

use super::stack::Unwinder;
use activity::Activity;
use rhythm::{LeftOut, Rhythm};
use threads::Threads;

/// Why there is no profile; `None` if there is one.
pub(crate) const UNAVAILABLE: Option<&str> = None;

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
    rhythm: Rhythm,
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
        let (threads, activity, rhythm) = (Threads::default(), Activity::default(), Rhythm::new());
        Self { lifecycle, recorder, stop, threads, activity, rhythm, open: None, listed: None }
    }

    fn run(mut self) {
        if self.lifecycle == Lifecycle::Trace {
            roots::unpark_this_thread();
        }
        let mut left_out = LeftOut::none();
        while !self.stop.load(Relaxed) {
            if self.lifecycle == Lifecycle::Trace && !roots::is_open() {
                self.rest();
                self.rhythm.restart();
                left_out = LeftOut::none();
                continue;
            }
            self.tick(Instant::now(), left_out);
            left_out = self.rhythm.sleep(&self.stop);
        }
        self.catch_up();
        if let Some(open) = self.finished() {
            self.recorder.finish(open);
        }
    }

    /// The moment `now`, before which some may have been left out.
    fn tick(&mut self, now: Instant, left_out: LeftOut) {
        let is_due = self.listed.is_none_or(|listed| now - listed >= LISTING);
        let used = self.activity.look();
        let may_be_quiet = !used.has_run && !is_due && left_out.count == 0 && !self.threads.are_asked();
        if let Some(open) = &mut self.open
            && may_be_quiet
            && !open.is_over(now, 0)
        {
            open.pass(now);
            self.rhythm.note(used.time, self.threads.are_in_span(), 1);
            return;
        }
        self.catch_up();
        let mut first = self.open.as_mut().and_then(|open| open.leave_out(left_out));
        let most = self.threads.most_new_samples();
        if let Some(open) = &mut self.open
            && open.is_over(now, most)
        {
            if let Some(first) = first.take() {
                self.threads.repeat(first, &mut open.recording);
            }
            self.hand_over();
        }
        let recorder = &self.recorder;
        let open = self.open.get_or_insert_with(|| Open::new(recorder.begin(), now));
        let tick = open.tick(now);
        if is_due {
            self.listed = Some(now);
            open.recording.measure(now - open.start, runtime_stats::read());
        }
        // One that begins as another ends is found a little later.
        if self.threads.have_changed() || is_due {
            self.threads.list(&mut open.recording);
        }
        let shows = self.threads.sample(first.unwrap_or(tick), tick, &mut open.recording);
        self.rhythm.note(used.time, shows, left_out.count + 1);
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
            open.tick(now);
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
}

impl Open {
    fn new(recording: Recording, now: Instant) -> Self {
        Self { recording, start: now, latest: now, quiet: None }
    }

    /// The number of the moment.
    fn tick(&mut self, now: Instant) -> u32 {
        self.latest = now;
        self.recording.tick(now - self.start)
    }

    /// The number of the first of the moments that were left out, if there are any and there is room for it.
    fn leave_out(&mut self, left_out: LeftOut) -> Option<u32> {
        let mut first = None;
        for at in left_out.moments().filter(|at| *at > self.latest) {
            if self.recording.is_full(0) {
                break;
            }
            let tick = self.recording.tick(at - self.start);
            first.get_or_insert(tick);
        }
        first
    }

    /// A moment at which each thread still is where it was.
    fn pass(&mut self, now: Instant) {
        let tick = self.tick(now);
        self.quiet.get_or_insert(tick);
    }

    fn is_over(&self, now: Instant, most_new: usize) -> bool {
        now - self.start >= CHUNK || now - self.latest >= GAP || self.recording.is_full(most_new)
    }
}

#[cfg(test)]
mod tests {
    use super::rhythm::PERIOD;
    use super::*;

    #[test]
    fn moments_that_are_left_out_are_of_the_recording_that_goes_on() {
        let start = Instant::now();
        let mut open = Open::new(Recording::new(), start);
        assert_eq!(open.leave_out(LeftOut::of(start, 0)), None);
        assert_eq!(open.tick(start + PERIOD), 0);
        assert_eq!(open.leave_out(LeftOut::of(start + 2 * PERIOD, 9)), Some(1));
        assert_eq!(open.tick(start + 11 * PERIOD), 10);
        open.pass(start + 12 * PERIOD);
        open.pass(start + 13 * PERIOD);
        assert_eq!(open.quiet, Some(11));
        // Those are before it.
        let mut later = Open::new(Recording::new(), start + 20 * PERIOD);
        assert_eq!(later.leave_out(LeftOut::of(start + 12 * PERIOD, 9)), None);
        // Nor is there room for more.
        later.tick(start + 20 * PERIOD + CHUNK);
        assert_eq!(later.leave_out(LeftOut::of(start + 21 * PERIOD + CHUNK, 9)), None);
    }

    #[test]
    fn a_recording_ends_with_its_time_and_with_a_pause() {
        let start = Instant::now();
        let mut open = Open::new(Recording::new(), start);
        open.tick(start + PERIOD);
        assert!(!open.is_over(start + GAP, 1));
        assert!(open.is_over(start + PERIOD + GAP, 1), "a pause");
        open.tick(start + CHUNK - PERIOD);
        assert!(open.is_over(start + CHUNK, 1), "its time");
        assert!(open.is_over(start + CHUNK - PERIOD, usize::MAX / 1024), "its room");
    }
}
