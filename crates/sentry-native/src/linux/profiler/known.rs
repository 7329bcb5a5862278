//! A thread, where it was last, and what is to be done about it.

use std::fs;
use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_gettime};
use sentry_context::profile::{Recording, Sample};

use super::place::{self, Place};
use crate::linux::stack::{Asked, Thread};

/// A thread whose CPU time moved by no more did nothing that shows.
pub(super) const RAN: Duration = Duration::from_micros(10);

/// A thread that waits where its last sample was taken has done no more than answer, if its CPU time moved by no more.
const ANSWERED: Duration = Duration::from_micros(60);

/// How long a thread may take to answer. One that blocks all signals never does.
const PATIENCE: Duration = Duration::from_secs(1);

/// The name of a thread that is Sentry's own begins so.
const OWN: &str = "sentry-";

/// A thread that is sampled.
pub(super) struct Known {
    pub(super) thread: Thread,
    /// How often it was listed.
    age: u32,
    /// Its CPU time at the last look.
    used: Duration,
    pub(super) state: State,
    pub(super) asked: Option<Question>,
    /// Does it block the signal?
    is_deaf: bool,
}

/// A question that waits for its answer.
pub(super) struct Question {
    pub(super) answer: Asked,
    since: Instant,
    /// The moment, in the recording that is being made.
    pub(super) tick: u32,
}

/// Where a thread was last.
pub(super) enum State {
    New,
    Idle,
    At(Position),
}

/// What its stack was.
#[derive(Default)]
pub(super) struct Position {
    stack: Vec<u64>,
    /// The number of the stack in the recording that is being made, once it has one.
    pub(super) number: Option<u32>,
    span: u64,
    sp: u64,
    ip: u64,
}

/// What is to be done about a thread.
pub(super) enum Look {
    Pass,
    Ask,
    Idle,
    Still,
}

impl Known {
    pub(super) fn new(id: i32) -> Self {
        let thread = Thread { id, name: String::new(), stack: 0..0, owner: 0 };
        Self { thread, age: 0, used: Duration::ZERO, state: State::New, asked: None, is_deaf: false }
    }

    pub(super) fn listed(&mut self) {
        // A thread may get its name when it has begun to run.
        self.age = self.age.saturating_add(1);
        if self.age < 3 {
            self.read_name();
        }
        // No second signal while the first one waits: they would fill the queue of the system.
        self.is_deaf = self.is_deaf && Asked::is_pending(self.thread.id);
    }

    pub(super) fn read_name(&mut self) {
        if let Ok(name) = fs::read_to_string(format!("/proc/self/task/{}/comm", self.thread.id)) {
            self.thread.name = name.trim_end().to_owned();
        }
    }

    pub(super) fn has_answered(&self) -> bool {
        self.asked.as_ref().is_some_and(|question| question.answer.answer().is_some())
    }

    pub(super) fn look(&mut self) -> Look {
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
            (Some(Place::Waits { sp, ip }), State::At(position))
                if (sp, ip) == (position.sp, position.ip) && moved <= ANSWERED =>
            {
                Look::Still
            }
            _ => Look::Ask,
        }
    }

    pub(super) fn ask(&mut self, tick: u32) -> bool {
        self.asked =
            Asked::thread(&self.thread).map(|answer| Question { answer, since: Instant::now(), tick });
        self.asked.is_some()
    }

    pub(super) fn is_at(&mut self, addresses: &[u64], span: u64, sp: u64, ip: u64) {
        let mut stack = match std::mem::replace(&mut self.state, State::New) {
            State::At(position) => position.stack,
            State::New | State::Idle => Vec::new(),
        };
        addresses.clone_into(&mut stack);
        self.state = State::At(Position { stack, number: None, span, sp, ip });
    }

    pub(super) fn repeat(&mut self, tick: u32, recording: &mut Recording) {
        let sample = match &mut self.state {
            State::New => return,
            State::Idle => Sample::Idle,
            State::At(Position { number: Some(number), span, .. }) => Sample::Again(*number, *span),
            State::At(Position { stack, number, span, .. }) => {
                *number = Some(recording.number(stack));
                Sample::Still(stack, *span)
            }
        };
        recording.add(self.thread.id, tick, sample);
    }
}

/// How long a thread has run; `None` where it has ended.
fn cpu_time(thread: i32) -> Option<Duration> {
    // As `clock_getcpuclockid` makes it: the number, and what is measured of it.
    const RUN_TIME_OF_THREAD: libc::clockid_t = 6;
    let clock = ClockId::from_raw((!thread << 3) | RUN_TIME_OF_THREAD);
    clock_gettime(clock).ok().map(Duration::from)
}
