//! The threads of this process, and where each was last.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_gettime};
use sentry_context::profile::{DEPTH, Recording, Sample};

use super::place::{self, Place};
use super::regions;
use crate::linux::stack::{Asked, Thread, Unwinder};

/// Most threads that are sampled.
const MOST: usize = 256;

/// Most threads that are asked at the same time; the stall watchdog needs a place, too.
const MOST_OPEN: usize = 24;

/// A thread whose CPU time moved by no more did nothing that shows.
const RAN: Duration = Duration::from_micros(10);

/// A thread that waits where its last sample was taken has done no more than answer, if its CPU time moved by no more.
const ANSWERED: Duration = Duration::from_micros(60);

/// How long a thread may take to answer. One that blocks all signals never does.
const PATIENCE: Duration = Duration::from_secs(1);

/// The name of a thread that is Sentry's own begins so.
const OWN: &str = "sentry-";

/// All of them.
#[derive(Default)]
pub(super) struct Threads {
    known: HashMap<i32, Known>,
    /// The links of the folder of threads when it was last looked at.
    count: u64,
    /// Where the next round begins: each thread is to have its turn.
    turn: usize,
    order: Vec<i32>,
    /// What is used over and over.
    addresses: Vec<u64>,
    has_warned: bool,
}

struct Known {
    thread: Thread,
    /// How often it was listed.
    age: u32,
    /// Its CPU time at the last look.
    used: Duration,
    state: State,
    asked: Option<Question>,
    /// Does it block the signal?
    is_deaf: bool,
}

struct Question {
    answer: Asked,
    since: Instant,
    /// The moment, in the recording that is being made.
    tick: u32,
}

enum State {
    New,
    Idle,
    At { stack: Vec<u64>, span: u64, sp: u64, ip: u64 },
}

impl Threads {
    /// Most samples with a stack of their own that one moment can bring.
    pub(super) fn most_new_samples(&self) -> usize {
        self.known.len()
    }

    /// Have threads begun or ended, as far as their number says?
    pub(super) fn have_changed(&mut self) -> bool {
        // The links of the folder: one for each of its own.
        let count = fs::metadata("/proc/self/task").map_or(0, |folder| folder.nlink());
        std::mem::replace(&mut self.count, count) != count
    }

    /// Looks which threads there are.
    pub(super) fn list(&mut self, recording: &mut Recording) {
        let Ok(there) = fs::read_dir("/proc/self/task") else { return };
        let there = there.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        let mut gone: Vec<i32> = std::mem::take(&mut self.order);
        gone.sort_unstable();
        for id in there {
            if let Ok(place) = gone.binary_search(&id) {
                gone.remove(place);
            } else if self.known.len() - gone.len() >= MOST {
                self.warn();
                continue;
            }
            let known = self.known.entry(id).or_insert_with(|| Known::new(id));
            known.listed();
            self.order.push(id);
        }
        for id in gone {
            self.forget(id, recording);
        }
    }

    fn forget(&mut self, id: i32, recording: &mut Recording) {
        if let Some(known) = self.known.remove(&id) {
            recording.name(id, &known.thread.name);
        }
    }

    fn warn(&mut self) {
        if !std::mem::replace(&mut self.has_warned, true) {
            tracing::warn!(sampled = MOST, "this process has more threads than are profiled");
        }
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

    /// Looks at every thread once, and asks those that have run.
    pub(super) fn sample(&mut self, tick: u32, recording: &mut Recording) {
        let mut open = self.known.values().filter(|known| known.asked.is_some()).count();
        let count = self.order.len();
        self.turn = self.turn.wrapping_add(1);
        for turn in 0..count {
            let id = self.order[(turn + self.turn) % count];
            let Some(known) = self.known.get_mut(&id) else { continue };
            match known.look() {
                Look::Pass => {}
                Look::Ask if open < MOST_OPEN => open += usize::from(known.ask(tick)),
                // It has its turn later.
                Look::Ask => {}
                Look::Idle => {
                    known.state = State::Idle;
                    recording.add(id, tick, Sample::Idle);
                }
                Look::Still => known.repeat(tick, recording),
            }
        }
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
            // What is open belongs to the next recording.
            known.asked.iter_mut().for_each(|question| question.tick = 0);
        }
    }
}

/// What is to be done about a thread.
enum Look {
    Pass,
    Ask,
    Idle,
    Still,
}

impl Known {
    fn new(id: i32) -> Self {
        let thread = Thread { id, name: String::new(), stack: 0..0, owner: 0 };
        Self { thread, age: 0, used: Duration::ZERO, state: State::New, asked: None, is_deaf: false }
    }

    fn listed(&mut self) {
        // A thread may get its name when it has begun to run.
        self.age = self.age.saturating_add(1);
        if self.age < 3 {
            self.read_name();
        }
        // No second signal while the first one waits: they would fill the queue of the system.
        self.is_deaf = self.is_deaf && Asked::is_pending(self.thread.id);
    }

    fn read_name(&mut self) {
        if let Ok(name) = fs::read_to_string(format!("/proc/self/task/{}/comm", self.thread.id)) {
            self.thread.name = name.trim_end().to_owned();
        }
    }

    fn has_answered(&self) -> bool {
        self.asked.as_ref().is_some_and(|question| question.answer.answer().is_some())
    }

    fn look(&mut self) -> Look {
        if self.thread.name.starts_with(OWN) || self.is_deaf {
            return Look::Pass;
        }
        if let Some(question) = &self.asked {
            if question.since.elapsed() < PATIENCE {
                return Look::Pass;
            }
            self.asked = None;
            self.is_deaf = true;
            return Look::Idle;
        }
        let Some(used) = cpu_time(self.thread.id) else { return Look::Pass };
        let moved = used.saturating_sub(std::mem::replace(&mut self.used, used));
        if moved <= RAN {
            return Look::Still;
        }
        match (place::of(self.thread.id), &self.state) {
            (Some(Place::ForEvents), _) => Look::Idle,
            (Some(Place::Waits { sp, ip }), State::At { sp: same_sp, ip: same_ip, .. })
                if (sp, ip) == (*same_sp, *same_ip) && moved <= ANSWERED =>
            {
                Look::Still
            }
            _ => Look::Ask,
        }
    }

    fn ask(&mut self, tick: u32) -> bool {
        self.asked =
            Asked::thread(&self.thread).map(|answer| Question { answer, since: Instant::now(), tick });
        self.asked.is_some()
    }

    fn is_at(&mut self, addresses: &[u64], span: u64, sp: u64, ip: u64) {
        let mut stack = match std::mem::replace(&mut self.state, State::New) {
            State::At { stack, .. } => stack,
            State::New | State::Idle => Vec::new(),
        };
        addresses.clone_into(&mut stack);
        self.state = State::At { stack, span, sp, ip };
    }

    fn repeat(&self, tick: u32, recording: &mut Recording) {
        match &self.state {
            State::New => {}
            State::Idle => recording.add(self.thread.id, tick, Sample::Idle),
            State::At { stack, span, .. } => recording.add(self.thread.id, tick, Sample::Still(stack, *span)),
        }
    }
}

/// How long a thread has run; `None` where it has ended.
fn cpu_time(thread: i32) -> Option<Duration> {
    // As `clock_getcpuclockid` makes it: the number, and what is measured of it.
    const RUN_TIME_OF_THREAD: libc::clockid_t = 6;
    let clock = ClockId::from_raw((!thread << 3) | RUN_TIME_OF_THREAD);
    clock_gettime(clock).ok().map(Duration::from)
}
