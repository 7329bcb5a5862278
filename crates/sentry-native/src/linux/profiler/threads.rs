//! The threads of this process, and where each was last.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;

use sentry_context::profile::{DEPTH, Recording, Sample};

use super::known::{Known, Look, State};
use super::regions;
use super::rhythm::PERIOD;
use crate::linux::stack::Unwinder;

/// Most threads that are sampled.
const MOST: usize = 256;

/// Most threads that are asked at the same time; the stall watchdog needs a place, too.
const MOST_OPEN: usize = 24;

/// Has a folder for each thread.
const FOLDER: &str = "/proc/self/task";

/// All of them.
#[derive(Default)]
pub(super) struct Threads {
    known: HashMap<i32, Known>,
    /// The folder of threads, and its links when it was last looked at.
    folder: Option<File>,
    count: u64,
    /// Where the next round begins: each thread is to have its turn.
    turn: usize,
    order: Vec<i32>,
    /// What is used over and over.
    addresses: Vec<u64>,
    has_warned: bool,
}

impl Threads {
    /// Most samples with a stack of their own that one moment can bring.
    pub(super) fn most_new_samples(&self) -> usize {
        self.known.len()
    }

    /// Have threads begun or ended, as far as their number says?
    pub(super) fn have_changed(&mut self) -> bool {
        if self.folder.is_none() {
            self.folder = File::open(FOLDER).ok();
        }
        // One for each folder in it.
        let count = self.folder.as_ref().and_then(|folder| folder.metadata().ok()).map_or(0, |it| it.nlink());
        std::mem::replace(&mut self.count, count) != count
    }

    /// Looks which threads there are.
    pub(super) fn list(&mut self, recording: &mut Recording) {
        let Ok(there) = fs::read_dir(FOLDER) else { return };
        let there: Vec<i32> =
            there.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect();
        let there_still: HashSet<i32> = there.iter().copied().collect();
        // First, since others may take their places.
        for id in std::mem::take(&mut self.order).into_iter().filter(|id| !there_still.contains(id)) {
            self.forget(id, recording);
        }
        for id in there {
            if self.known.len() >= MOST && !self.known.contains_key(&id) {
                self.warn();
                continue;
            }
            self.known.entry(id).or_insert_with(|| Known::new(id)).listed();
            self.order.push(id);
        }
    }

    fn forget(&mut self, id: i32, recording: &mut Recording) {
        if let Some(known) = self.known.remove(&id) {
            recording.name(id, &known.thread.name);
        }
    }

    fn warn(&mut self) {
        if !std::mem::replace(&mut self.has_warned, true) {
            tracing::warn!(sampled = MOST, "this process has more threads than can be profiled");
        }
    }

    /// Is there a question that nobody has answered or taken back yet?
    pub(super) fn are_asked(&self) -> bool {
        self.known.values().any(|known| known.asked.is_some())
    }

    /// Is a thread in work that a span measures?
    pub(super) fn are_in_span(&self) -> bool {
        self.known.values().any(Known::is_in_span)
    }

    /// Nobody has run since that moment.
    pub(super) fn repeat(&mut self, from: u32, recording: &mut Recording) {
        self.known.values_mut().for_each(|known| known.repeat(from, recording));
    }

    /// Reads the answers to the questions of the moments before.
    pub(super) fn answers(&mut self, recording: Option<&mut Recording>) {
        let Self { known, addresses, .. } = self;
        let mut asked = known.values_mut().filter(|known| known.has_answered()).peekable();
        let Some(recording) = recording.filter(|_| asked.peek().is_some()) else { return };
        let mut maps = None;
        Unwinder::with_own(|unwinder| {
            for known in asked {
                let Some(question) = known.asked.take() else { continue };
                let Some((stack, owner, span)) = question.answer.answer() else { continue };
                if stack.bytes.is_empty() && known.thread.owner != owner {
                    let maps =
                        maps.get_or_insert_with(|| fs::read_to_string("/proc/self/maps").unwrap_or_default());
                    known.thread.stack = regions::stack(maps, stack.registers.sp, owner).unwrap_or_default();
                    known.thread.owner = owner;
                    // It is asked once more, now that it is known where its stack ends.
                    let tick = question.tick;
                    drop(question);
                    known.ask(tick);
                    continue;
                }
                addresses.clear();
                unwinder.walk(stack, DEPTH, |address| addresses.push(address));
                recording.add(known.thread.id, question.tick, Sample::Ran(addresses, span));
                known.is_at(addresses, span, stack.registers.sp, stack.registers.ip);
            }
        });
    }

    /// Looks at every thread once, and asks those that have run. The moments from `first` to the one before `tick` were
    /// left out. True if a thread does something that shows.
    pub(super) fn sample(&mut self, first: u32, tick: u32, recording: &mut Recording) -> bool {
        let mut open = self.known.values().filter(|known| known.asked.is_some()).count();
        let count = self.order.len();
        let left_out = tick.saturating_sub(first);
        let mut shows = false;
        self.turn = self.turn.wrapping_add(1);
        for turn in 0..count {
            let id = self.order[(turn + self.turn) % count];
            let Some(known) = self.known.get_mut(&id) else { continue };
            match known.look(left_out + 1) {
                Look::Pass => {}
                Look::Ask { ran, shows: does_something } => {
                    shows |= does_something;
                    // What it has used, it has used just now: it has not waited since it began.
                    let ran = (ran.as_nanos() / PERIOD.as_nanos()).min(left_out.into()) as u32;
                    known.repeat_until(first, tick - ran, recording);
                    // Or it has its turn later.
                    if open < MOST_OPEN {
                        open += usize::from(known.ask(tick - ran));
                    }
                }
                Look::Idle => {
                    known.repeat_until(first, tick, recording);
                    known.state = State::Idle;
                    recording.add(id, tick, Sample::Idle);
                }
                Look::Still => known.repeat(first, recording),
            }
            shows |= known.is_in_span();
        }
        shows
    }

    /// Nobody is sampled for a while.
    pub(super) fn rest(&mut self, recording: &mut Recording) {
        for known in self.known.values_mut() {
            known.asked = None;
            recording.add(known.thread.id, 0, Sample::Idle);
        }
    }

    /// Gives a recording that is complete the names of its threads.
    pub(super) fn name(&mut self, recording: &mut Recording) {
        for known in self.known.values_mut() {
            known.read_name();
            recording.name(known.thread.id, &known.thread.name);
            // What is open belongs to the next recording, whose stacks have other numbers.
            known.asked.iter_mut().for_each(|question| question.tick = 0);
            if let State::At(position) = &mut known.state {
                position.number = None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
    use std::sync::mpsc;
    use std::thread;
    use std::time::{Duration, Instant};

    use super::*;

    /// Counts what is logged.
    struct Lines(&'static AtomicUsize);

    impl tracing::Subscriber for Lines {
        fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
            true
        }

        fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
            tracing::span::Id::from_u64(1)
        }

        fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

        fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

        fn event(&self, _: &tracing::Event<'_>) {
            self.0.fetch_add(1, Relaxed);
        }

        fn enter(&self, _: &tracing::span::Id) {}

        fn exit(&self, _: &tracing::span::Id) {}
    }

    #[test]
    fn threads_beyond_their_bound_are_left_out_which_is_logged_once() {
        static LINES: AtomicUsize = AtomicUsize::new(0);
        let (mut recording, mut threads) = (Recording::new(), Threads::default());
        // Numbers that no thread has.
        threads.known.extend((1..=MOST as i32).map(|number| (-number, Known::new(-number))));
        tracing::subscriber::with_default(Lines(&LINES), || {
            (0..3).for_each(|_| threads.list(&mut recording));
        });
        assert_eq!((threads.known.len(), threads.order.len(), LINES.load(Relaxed)), (MOST, 0, 1));
    }

    /// Ends the threads of a test, however it ends.
    struct Over<'a>(&'a AtomicBool);

    impl Drop for Over<'_> {
        fn drop(&mut self) {
            self.0.store(true, Relaxed);
        }
    }

    #[test]
    fn so_many_threads_are_asked_at_the_same_time_and_the_others_have_their_turn() {
        const THREADS: usize = 2 * MOST_OPEN;
        let is_over = AtomicBool::new(false);
        let (report, reported) = mpsc::channel();
        let work = || {
            report.send(nix::unistd::gettid().as_raw()).unwrap();
            while !is_over.load(Relaxed) {
                let end = Instant::now() + Duration::from_micros(100);
                while Instant::now() < end {}
                thread::sleep(Duration::from_millis(1));
            }
        };
        thread::scope(|scope| {
            let _over = Over(&is_over);
            (0..THREADS).for_each(|_| drop(scope.spawn(work)));
            let ids: Vec<i32> = reported.iter().take(THREADS).collect();
            let (mut recording, mut threads) = (Recording::new(), Threads::default());
            let mut round = |threads: &mut Threads| {
                // One that a busy machine kept from answering is asked again after this.
                threads.list(&mut recording);
                // Other tests have threads of their own.
                threads.order.retain(|id| ids.contains(id));
                threads.answers(Some(&mut recording));
                let tick = recording.tick(Duration::ZERO);
                threads.sample(tick, tick, &mut recording);
            };
            // All have run since they began.
            round(&mut threads);
            let asked = threads.known.values().filter(|it| it.asked.is_some()).count();
            assert_eq!(asked, MOST_OPEN);
            let is_sampled = |threads: &Threads, id: &i32| matches!(threads.known[id].state, State::At(_));
            let deadline = Instant::now() + Duration::from_secs(120);
            while !ids.iter().all(|id| is_sampled(&threads, id)) {
                assert!(Instant::now() < deadline, "some never have their turn");
                thread::sleep(Duration::from_millis(5));
                round(&mut threads);
            }
        });
    }
}
