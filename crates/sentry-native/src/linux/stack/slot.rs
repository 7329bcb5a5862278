//! Where the signal handler puts what it copies: a handler has no argument of its own.

use std::cell::UnsafeCell;
use std::ops::Range;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, fence};
use std::time::Duration;

use super::futex;
use super::{Registers, Thread};

/// Most bytes of a stack that are copied: some hundred frames.
pub(super) const LIMIT: usize = 64 * 1024;

/// Questions that can be open at the same time.
pub(super) const SLOTS: usize = 32;

/// Those of this process. Pages that nobody has touched take no memory.
pub(super) static OWN: Slots = Slots::new();

/// The states. Beside it, in the upper half of the same word, stands the thread that is asked.
const FREE: u64 = 0;
const TAKEN: u64 = 1;
const ASKED: u64 = 2;
const COPYING: u64 = 3;
const DONE: u64 = 4;
/// Nobody waits for the copy any more: the handler frees the slot.
const ABANDONED: u64 = 5;

/// One question and its answer.
pub(super) struct Slot {
    state: AtomicU64,
    /// Where the thread's own stack is, and what `pthread_self` returns there.
    start: AtomicU64,
    end: AtomicU64,
    owner: AtomicU64,
    /// Somebody sleeps until the answer is there.
    is_awaited: AtomicBool,
    answers: AtomicU32,
    answer: UnsafeCell<Answer>,
    bytes: UnsafeCell<[u8; LIMIT]>,
}

/// What the handler knows of its thread.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answer {
    pub(super) registers: Registers,
    /// What `pthread_self` returns: unlike the thread's number, it says whose stack this is.
    pub(super) owner: u64,
    /// The span that is active on the thread.
    pub(super) span: u64,
    length: usize,
}

// SAFETY: the cells are written by the handler alone, and only between `COPYING` and `DONE`; they are read only after
// `DONE` was seen, by the one that took the slot. The state changes hands with acquire and release.
unsafe impl Sync for Slot {}

impl Slot {
    const fn new() -> Self {
        let registers = Registers { ip: 0, sp: 0, fp: 0, lr: 0 };
        Self {
            state: AtomicU64::new(FREE),
            start: AtomicU64::new(0),
            end: AtomicU64::new(0),
            owner: AtomicU64::new(0),
            is_awaited: AtomicBool::new(false),
            answers: AtomicU32::new(0),
            answer: UnsafeCell::new(Answer { registers, owner: 0, span: 0, length: 0 }),
            bytes: UnsafeCell::new([0; LIMIT]),
        }
    }

    /// Gives the slot back, also where the handler runs at this moment.
    pub(super) fn free(&self) {
        let mut now = self.state.load(Acquire);
        loop {
            let next = if state(now) == COPYING { ABANDONED } else { FREE };
            match self.state.compare_exchange(now, next, AcqRel, Acquire) {
                Ok(_) => return,
                Err(changed) => now = changed,
            }
        }
    }

    pub(super) fn is_done(&self) -> bool {
        state(self.state.load(Acquire)) == DONE
    }

    /// The answer and the bytes of the stack from the stack pointer up, once they are there.
    pub(super) fn answer(&self) -> Option<(&Answer, &[u8])> {
        self.is_done().then(|| {
            // SAFETY: the state is `DONE`, so the handler is through with the cells, and it touches them again only
            // after the slot was freed, which ends this borrow: a slot has one taker.
            let (answer, bytes) = unsafe { (&*self.answer.get(), &*self.bytes.get()) };
            (answer, &bytes[..answer.length])
        })
    }

    /// Sleeps until the answer is there, or for a while: the caller looks again.
    pub(super) fn sleep(&self, limit: Duration) {
        self.is_awaited.store(true, Relaxed);
        // Either the handler sees that somebody sleeps, or the answer is seen here.
        fence(SeqCst);
        let answers = self.answers.load(Acquire);
        if !self.is_done() {
            futex::wait(&self.answers, answers, limit);
        }
    }

    /// In the handler: is this a question to that thread? If so, it is the handler's until [`Slot::fill`].
    fn claim(&self, thread: i32) -> bool {
        let asked = word(ASKED, thread);
        self.state.load(Relaxed) == asked
            && self.state.compare_exchange(asked, word(COPYING, thread), AcqRel, Relaxed).is_ok()
    }

    /// In the handler, which has claimed the slot.
    ///
    /// # Safety
    /// The stack pointer is that of the calling thread, `alternate` is its registered signal stack, and the thread that
    /// was asked with [`Thread::owner`] has its stack at [`Thread::stack`].
    unsafe fn fill(&self, mut answer: Answer, alternate: &Range<u64>) {
        let own = self.start.load(Relaxed)..self.end.load(Relaxed);
        let sp = answer.registers.sp;
        let end = if answer.owner == self.owner.load(Relaxed) && own.contains(&sp) {
            own.end
        } else if alternate.contains(&sp) {
            alternate.end
        } else {
            // Nobody knows how far it can be read.
            sp
        };
        answer.length = usize::try_from(end - sp).unwrap_or(0).min(LIMIT);
        // SAFETY: from the stack pointer to the end of its stack is readable memory of this thread, `length` is no more
        // than that nor than the place; between `COPYING` and `DONE` nobody else touches the cells.
        unsafe {
            std::ptr::copy_nonoverlapping(sp as *const u8, self.bytes.get().cast(), answer.length);
            *self.answer.get() = answer;
        }
        let now = self.state.load(Relaxed);
        if state(now) == ABANDONED || self.state.compare_exchange(now, DONE, Release, Relaxed).is_err() {
            self.state.store(FREE, Release);
            return;
        }
        fence(SeqCst);
        if self.is_awaited.load(Relaxed) {
            self.answers.fetch_add(1, Release);
            futex::wake(&self.answers);
        }
    }
}

/// A fixed number of them.
pub(super) struct Slots([Slot; SLOTS]);

impl Slots {
    const fn new() -> Self {
        Self([const { Slot::new() }; SLOTS])
    }

    /// A free slot, for a question to that thread. The first ones are used most, so that few pages are touched.
    pub(super) fn take(&self, thread: &Thread) -> Option<&Slot> {
        let free = |slot: &&Slot| slot.state.compare_exchange(FREE, TAKEN, AcqRel, Relaxed).is_ok();
        let slot = self.0.iter().find(free)?;
        slot.start.store(thread.stack.start, Relaxed);
        slot.end.store(thread.stack.end, Relaxed);
        slot.owner.store(thread.owner, Relaxed);
        slot.is_awaited.store(false, Relaxed);
        slot.state.store(word(ASKED, thread.id), Release);
        Some(slot)
    }

    /// In the handler: answers every question to the calling thread. No lock, no allocation, no panic.
    ///
    /// # Safety
    /// As for [`Slot::fill`].
    pub(super) unsafe fn answer(&self, thread: i32, answer: Answer, alternate: &Range<u64>) {
        for slot in self.0.iter().filter(|slot| slot.claim(thread)) {
            // SAFETY: the caller says so.
            unsafe { slot.fill(answer, alternate) };
        }
    }
}

impl Answer {
    pub(super) fn new(registers: Registers, owner: u64, span: u64) -> Self {
        Self { registers, owner, span, length: 0 }
    }
}

fn word(state: u64, thread: i32) -> u64 {
    u64::from(thread.cast_unsigned()) << 32 | state
}

fn state(word: u64) -> u64 {
    word & 0xffff_ffff
}

#[cfg(test)]
mod tests {
    use std::ptr;

    use super::*;

    const THREAD: i32 = 7;

    fn thread(stack: &[u8]) -> Thread {
        let stack = stack.as_ptr_range();
        Thread { id: THREAD, name: String::new(), stack: stack.start as u64..stack.end as u64, owner: 1 }
    }

    fn answer(stack: &[u8], at: usize) -> Answer {
        let sp = stack[at..].as_ptr() as u64;
        Answer::new(Registers { sp, ..Registers::default() }, 1, 0)
    }

    #[test]
    fn more_questions_than_there_are_slots_are_refused_and_a_slot_comes_back() {
        static SLOTS_OF_TEST: Slots = Slots::new();
        let thread = thread(&[]);
        let taken: Vec<_> = (0..SLOTS).map(|_| SLOTS_OF_TEST.take(&thread).unwrap()).collect();
        assert!(SLOTS_OF_TEST.take(&thread).is_none());
        taken[3].free();
        assert!(SLOTS_OF_TEST.take(&thread).is_some_and(|again| ptr::eq(again, taken[3])));
    }

    #[test]
    fn a_question_that_is_taken_back_while_it_is_answered_frees_its_slot_after_the_copy() {
        static SLOTS_OF_TEST: Slots = Slots::new();
        let stack = [5_u8; 64];
        let slot = SLOTS_OF_TEST.take(&thread(&stack)).unwrap();
        assert!(slot.claim(THREAD) && !slot.claim(THREAD));
        slot.free();
        let next = SLOTS_OF_TEST.take(&thread(&stack)).unwrap();
        assert!(!ptr::eq(slot, next), "the handler still writes there");
        // SAFETY: the stack is all there.
        unsafe { slot.fill(answer(&stack, 0), &(0..0)) };
        assert!(!slot.is_done() && ptr::eq(slot, SLOTS_OF_TEST.take(&thread(&stack)).unwrap()));
    }

    #[test]
    fn only_the_thread_that_is_asked_answers_with_its_stack_from_the_pointer_up() {
        static SLOTS_OF_TEST: Slots = Slots::new();
        let stack: Vec<u8> = (0..64).collect();
        let slot = SLOTS_OF_TEST.take(&thread(&stack)).unwrap();
        // SAFETY: the stack is all there.
        unsafe {
            SLOTS_OF_TEST.answer(THREAD + 1, answer(&stack, 0), &(0..0));
            assert!(slot.answer().is_none());
            SLOTS_OF_TEST.answer(THREAD, answer(&stack, 40), &(0..0));
        }
        assert_eq!(slot.answer().map(|(_, bytes)| bytes), Some(&stack[40..]));
    }
}
