//! A thread, where it was last, and what is to be done about it.

use std::fs;
use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_gettime};
use sentry_context::profile::{Recording, Sample};

use super::place::{self, Place};
use crate::linux::stack::{Asked, Thread};

/// A thread whose CPU time moved by no more did nothing that shows.
pub(super) const RAN: Duration = Duration::from_micros(10);

/// A thread that waits where its last sample was taken has done no more than answer, if its CPU time moved by no more from
/// one moment to the next.
const ANSWERED: Duration = Duration::from_micros(60);

/// How long the instruction is that calls the system.
const CALL: u64 = if cfg!(target_arch = "x86_64") { 2 } else { 4 };

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
    /// Has it answered since the last look? That takes CPU time, too.
    has_answered: bool,
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

impl Position {
    /// Was it taken in the call that returns to `ip`? A handler finds a call that will be taken up again before its
    /// instruction, and any other one behind it.
    fn is_there(&self, sp: u64, ip: u64) -> bool {
        self.sp == sp && (self.ip == ip || self.ip + CALL == ip)
    }
}

/// What is to be done about a thread.
pub(super) enum Look {
    Pass,
    /// It has used that much CPU time. Does what it does show? If not, it has run and waits where it waited before.
    Ask {
        ran: Duration,
        shows: bool,
    },
    Idle,
    Still,
}

impl Known {
    pub(super) fn new(id: i32) -> Self {
        let thread = Thread { id, name: String::new(), stack: 0..0, owner: 0 };
        Self {
            thread,
            age: 0,
            used: Duration::ZERO,
            state: State::New,
            asked: None,
            is_deaf: false,
            has_answered: false,
        }
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

    /// Looks at it, so many moments after the last time.
    pub(super) fn look(&mut self, moments: u32) -> Look {
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
        let has_answered = std::mem::take(&mut self.has_answered);
        if moved <= RAN && !self.may_be_elsewhere(moved) {
            return Look::Still;
        }
        match (place::of(self.thread.id), &self.state) {
            (Some(Place::ForEvents), _) => Look::Idle,
            (Some(Place::Waits { sp, ip }), State::At(at)) if at.is_there(sp, ip) => {
                if has_answered || moved <= ANSWERED * moments {
                    Look::Still
                } else {
                    Look::Ask { ran: moved, shows: false }
                }
            }
            _ => Look::Ask { ran: moved, shows: true },
        }
    }

    /// Has it done next to nothing, but in code where it does not stay? Its stack would be repeated until it runs again.
    fn may_be_elsewhere(&self, moved: Duration) -> bool {
        !moved.is_zero() && matches!(self.state, State::At(_))
    }

    /// Is it in work that a span measures? It may go on at any moment.
    pub(super) fn is_in_span(&self) -> bool {
        matches!(&self.state, State::At(position) if position.span != 0)
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
        self.has_answered = true;
        self.state = State::At(Position { stack, number: None, span, sp, ip });
    }

    /// It is where it was from a moment on.
    pub(super) fn repeat(&mut self, tick: u32, recording: &mut Recording) {
        self.repeat_until(tick, u32::MAX, recording);
    }

    /// The same, up to the moment before `until`.
    pub(super) fn repeat_until(&mut self, tick: u32, until: u32, recording: &mut Recording) {
        if tick >= until {
            return;
        }
        let sample = match &mut self.state {
            State::New => return,
            State::Idle => Sample::Idle,
            State::At(Position { number: Some(number), span, .. }) => Sample::Again(*number, *span),
            State::At(Position { stack, number, span, .. }) => {
                *number = Some(recording.number(stack));
                Sample::Still(stack, *span)
            }
        };
        recording.add_until(self.thread.id, tick, until, sample);
    }
}

/// How long a thread has run; `None` if it has ended.
fn cpu_time(thread: i32) -> Option<Duration> {
    // As `clock_getcpuclockid` makes it: the number, and what is measured of it.
    const RUN_TIME_OF_THREAD: libc::clockid_t = 6;
    let clock = ClockId::from_raw((!thread << 3) | RUN_TIME_OF_THREAD);
    clock_gettime(clock).ok().map(Duration::from)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    /// Until the thread waits; false if the system does not say where it is.
    fn comes_to_wait(thread: i32) -> bool {
        loop {
            match place::of(thread) {
                Some(Place::Waits { .. }) => return true,
                None => return false,
                Some(_) => thread::yield_now(),
            }
        }
    }

    /// Is a thread left alone that waits like that, and has answered?
    fn is_left_alone(wait: fn(mpsc::Receiver<()>) -> bool) -> bool {
        // It may have been asked on its way.
        const ATTEMPTS: usize = 50;
        let (report, reported) = mpsc::channel();
        let (open, gate) = mpsc::channel::<()>();
        let thread = thread::spawn(move || {
            report.send(nix::unistd::gettid().as_raw()).unwrap();
            wait(gate)
        });
        let mut known = Known::new(reported.recv().unwrap());
        let id = known.thread.id;
        let says_where = comes_to_wait(id);
        let is_still = (0..ATTEMPTS).any(|_| {
            while !known.has_answered() {
                if known.asked.is_none() {
                    known.ask(0);
                }
                thread::yield_now();
            }
            let question = known.asked.take().unwrap();
            let registers = question.answer.answer().unwrap().0.registers;
            known.is_at(&[1], 0, registers.sp, registers.ip);
            comes_to_wait(id);
            matches!(known.look(1), Look::Still)
        });
        drop(open);
        assert!(thread.join().unwrap());
        is_still || !says_where
    }

    #[test]
    fn a_thread_that_answers_while_it_waits_is_not_asked_again() {
        // The system takes up some of these calls itself, from their instruction on.
        let waits: [fn(mpsc::Receiver<()>) -> bool; 3] = [
            |gate: mpsc::Receiver<()>| gate.recv().is_err(),
            |gate| gate.recv_timeout(Duration::from_secs(600)).is_err(),
            |gate| {
                thread::sleep(Duration::from_secs(3));
                drop(gate);
                true
            },
        ];
        for wait in waits {
            assert!(is_left_alone(wait));
        }
    }

    #[test]
    fn next_to_nothing_leaves_a_thread_where_it_is_unless_it_was_at_work() {
        let known = |state| Known { state, ..Known::new(1) };
        let (little, none) = (Duration::from_nanos(1), Duration::ZERO);
        assert!(!known(State::Idle).may_be_elsewhere(little) && !known(State::New).may_be_elsewhere(little));
        let at = known(State::At(Position::default()));
        assert!(at.may_be_elsewhere(little) && !at.may_be_elsewhere(none));
    }
}
