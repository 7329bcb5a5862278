//! Samples of a few seconds as the sampling thread takes them: only addresses, and each stack once.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use super::{CHUNK, DEPTH, FREQUENCY};
use crate::runtime_stats::RuntimeStats;

/// Most samples with a stack of their own, and most that repeat a stack: 5 MB of JSON.
pub(super) const SAMPLES: usize = 32_000;

/// Most different stacks.
const STACKS: usize = 8_000;

/// Most addresses of all stacks together: 4 MB.
const ADDRESSES: usize = 500_000;

/// Most threads.
const THREADS: usize = 4_096;

/// Moments of a full chunk, and a few more.
const TICKS: usize = CHUNK.as_secs() as usize * FREQUENCY as usize + 16;

/// Figures that are kept: two a second.
const MEASUREMENTS: usize = 2 * CHUNK.as_secs() as usize + 2;

/// What a thread did at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sample<'a> {
    /// It has run since the moment before: its return addresses, innermost first, and the id of its span, or 0.
    Ran(&'a [u64], u64),
    /// It has not run: it still is where it was. The stack is repeated here, since that moment may be in the recording
    /// before.
    Still(&'a [u64], u64),
    /// The same, by its [number](Recording::number).
    Again(u32, u64),
    /// It waits for work.
    Idle,
}

/// The same for several moments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    /// The first and the last moment.
    pub(super) first: u32,
    pub(super) last: u32,
    /// `None` if it is idle.
    pub(super) stack: Option<u32>,
    pub(super) span: u64,
    /// The first of the moments before which it has not run any more.
    pub(super) still: u32,
}

#[derive(Debug, Default)]
pub(super) struct Track {
    pub(super) name: String,
    pub(super) stretches: Vec<Stretch>,
}

/// The samples of up to [`CHUNK`].
#[derive(Debug)]
pub struct Recording {
    pub(super) start: SystemTime,
    /// The moments, as time since the start.
    pub(super) ticks: Vec<Duration>,
    numbers: HashMap<Box<[u64]>, u32>,
    pub(super) threads: HashMap<i32, Track>,
    pub(super) measured: Vec<(Duration, RuntimeStats)>,
    addresses: usize,
    samples: usize,
}

impl Recording {
    /// One that starts now.
    pub fn new() -> Self {
        Self {
            start: SystemTime::now(),
            ticks: Vec::with_capacity(TICKS),
            numbers: HashMap::new(),
            threads: HashMap::new(),
            measured: Vec::new(),
            addresses: 0,
            samples: 0,
        }
    }

    /// The next moment, that long after the start. Its samples follow; its number is for [`Recording::add`].
    pub fn tick(&mut self, at: Duration) -> u32 {
        self.ticks.push(at);
        self.ticks.len() as u32 - 1
    }

    /// Is there no room for one more moment with that many samples?
    pub fn is_full(&self, samples: usize) -> bool {
        self.ticks.len() >= TICKS
            || self.ticks.last().is_some_and(|last| *last >= CHUNK)
            || self.samples + samples > SAMPLES
            || self.numbers.len() + samples > STACKS
            || self.addresses + samples * DEPTH > ADDRESSES
            || self.threads.len() + samples > THREADS
    }

    /// Notes the figures of the process, that long after the start.
    pub fn measure(&mut self, at: Duration, stats: RuntimeStats) {
        if self.measured.len() < MEASUREMENTS {
            self.measured.push((at, stats));
        }
    }

    /// Names a thread that has samples. Names are read late: a thread may get its own when it has begun to run.
    pub fn name(&mut self, thread: i32, name: &str) {
        if let Some(track) = self.threads.get_mut(&thread) {
            name.clone_into(&mut track.name);
        }
    }

    /// Adds what a thread did from a moment on, up to the latest one.
    pub fn add(&mut self, thread: i32, from: u32, sample: Sample<'_>) {
        self.add_until(thread, from, u32::MAX, sample);
    }

    /// The same, up to the moment before `until`.
    pub fn add_until(&mut self, thread: i32, from: u32, until: u32, sample: Sample<'_>) {
        let Some(last) = until.min(self.ticks.len() as u32).checked_sub(1) else { return };
        let (stack, span, ran) = match sample {
            Sample::Ran(addresses, span) => (Some(self.number(addresses)), span, true),
            Sample::Still(addresses, span) => (Some(self.number(addresses)), span, false),
            Sample::Again(number, span) => (Some(number), span, false),
            Sample::Idle => (None, 0, false),
        };
        let stretches = &mut self.threads.entry(thread).or_default().stretches;
        let from = stretches.last().map_or(from, |before| from.max(before.last + 1));
        match stretches.last_mut() {
            _ if from > last => {}
            Some(before) if before.continues(from, stack, span, ran) => {
                before.last = last;
                if ran {
                    before.still = last + 1;
                }
            }
            _ => {
                let still = if ran { last + 1 } else { from };
                stretches.push(Stretch { first: from, last, stack, span, still });
                self.samples += 1;
            }
        }
    }

    /// The number of a stack in this recording, which it has from now on.
    pub fn number(&mut self, addresses: &[u64]) -> u32 {
        if let Some(number) = self.numbers.get(addresses) {
            return *number;
        }
        let number = self.numbers.len() as u32;
        self.addresses += addresses.len();
        self.numbers.insert(addresses.into(), number);
        number
    }

    /// The stacks by their numbers.
    pub(super) fn stacks(&self) -> Vec<&[u64]> {
        let mut stacks: Vec<&[u64]> = vec![&[]; self.numbers.len()];
        for (stack, number) in &self.numbers {
            stacks[*number as usize] = stack;
        }
        stacks
    }
}

impl Default for Recording {
    fn default() -> Self {
        Self::new()
    }
}

impl Stretch {
    /// Is it one and the same with what the thread did from that moment on?
    fn continues(&self, from: u32, stack: Option<u32>, span: u64, ran: bool) -> bool {
        let ran_all_the_while = self.still == self.last + 1;
        self.last + 1 == from && self.stack == stack && self.span == span && (!ran || ran_all_the_while)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks(recording: &mut Recording, count: u64) {
        for number in 0..count {
            recording.tick(Duration::from_millis(number));
        }
    }

    fn stretches(recording: &Recording) -> Vec<(u32, u32, u32)> {
        let stretches = &recording.threads[&1].stretches;
        stretches.iter().map(|it| (it.first, it.last, it.still)).collect()
    }

    #[test]
    fn what_goes_on_is_kept_once() {
        let mut recording = Recording::new();
        for sample in
            [Sample::Ran(&[5], 0), Sample::Still(&[5], 0), Sample::Still(&[5], 0), Sample::Ran(&[5], 0)]
        {
            let tick = recording.tick(Duration::ZERO);
            recording.add(1, tick, sample);
        }
        assert_eq!(stretches(&recording), [(0, 2, 1), (3, 3, 4)]);
        assert_eq!(recording.stacks(), [&[5]]);
        let number = recording.number(&[5]);
        recording.tick(Duration::ZERO);
        recording.add(1, 4, Sample::Again(number, 0));
        assert_eq!(stretches(&recording), [(0, 2, 1), (3, 4, 4)]);
    }

    #[test]
    fn an_answer_that_came_late_holds_from_the_question_on() {
        let mut recording = Recording::new();
        ticks(&mut recording, 4);
        recording.add(1, 0, Sample::Ran(&[5], 0));
        recording.tick(Duration::ZERO);
        // What is known already is not known better.
        recording.add(1, 2, Sample::Still(&[6], 0));
        recording.add(1, 2, Sample::Idle);
        assert_eq!(stretches(&recording), [(0, 3, 4), (4, 4, 4)]);
    }

    #[test]
    fn what_a_thread_did_up_to_a_moment_ends_there() {
        let mut recording = Recording::new();
        recording.add(1, 0, Sample::Idle);
        assert!(recording.threads.is_empty(), "there is no moment yet");
        ticks(&mut recording, 6);
        recording.add_until(1, 0, 4, Sample::Still(&[5], 0));
        recording.add_until(1, 4, 4, Sample::Idle);
        recording.add(1, 4, Sample::Ran(&[6], 0));
        assert_eq!(stretches(&recording), [(0, 3, 0), (4, 5, 6)]);
    }

    #[test]
    fn each_bound_makes_a_recording_full() {
        let most = 10;
        let full = |fill: fn(&mut Recording, u64) -> bool| {
            let mut recording = Recording::new();
            let mut round = 0;
            while !recording.is_full(most) {
                assert!(fill(&mut recording, round), "never full");
                round += 1;
            }
            recording
        };
        let time = full(|recording, round| recording.tick(Duration::from_secs(round)) < 20);
        assert_eq!(time.ticks.last(), Some(&CHUNK));
        let moments = full(|recording, _| (recording.tick(Duration::ZERO) as usize) < TICKS);
        assert_eq!(moments.ticks.len(), TICKS);
        let stacks = full(|recording, round| {
            recording.tick(Duration::ZERO);
            recording.ticks.truncate(1);
            recording.add(round as i32 % 9, 0, Sample::Ran(&[round], 0));
            recording.number(&[round]) as usize <= STACKS
        });
        assert!(stacks.stacks().len() + most > STACKS && stacks.stacks().len() <= STACKS);
        let addresses = full(|recording, round| {
            recording.tick(Duration::ZERO);
            recording.ticks.truncate(1);
            recording.number(&[round; DEPTH]) as usize * DEPTH <= ADDRESSES
        });
        assert!(addresses.addresses <= ADDRESSES);
        let threads = full(|recording, round| {
            recording.tick(Duration::ZERO);
            recording.ticks.truncate(1);
            recording.add(round as i32, 0, Sample::Idle);
            recording.threads.len() <= THREADS
        });
        assert!(threads.threads.len() <= THREADS);
        let samples = full(|recording, round| {
            let tick = recording.tick(Duration::ZERO);
            (0..40).for_each(|thread| recording.add(thread, tick, Sample::Ran(&[round % 2], 0)));
            recording.samples <= SAMPLES
        });
        assert!(samples.samples <= SAMPLES && samples.ticks.len() < TICKS);
    }

    #[test]
    fn figures_beyond_their_bound_are_left_out() {
        let mut recording = Recording::new();
        (0..1_000).for_each(|_| recording.measure(Duration::ZERO, crate::runtime_stats::read()));
        assert_eq!(recording.measured.len(), MEASUREMENTS);
    }
}
