//! A running thread's stack, taken by interrupting it with a signal.
//!
//! Whoever asks goes on at once: the thread answers as soon as it runs. A thread that was preempted answers where it was
//! preempted, so an answer that comes late is no worse.

use std::ffi::{c_int, c_void};
use std::fs;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use sentry_context::profile::active;

use super::slot::{self, Answer, Slot};
use super::{Registers, Stack, Thread};

/// How long a thread may take to be interrupted: one that waits for a disk cannot be.
const PATIENCE: Duration = Duration::from_millis(500);

/// The same for a thread that is ready to run, and waits for a core: it answers as soon as it has one.
const PATIENCE_WITHOUT_CORE: Duration = Duration::from_secs(10);

/// A question to a thread where it is. Dropped, it is taken back.
pub(crate) struct Asked(&'static Slot);

impl Asked {
    /// Asks a thread of this process, which goes on as soon as it has answered. `None` if the thread has ended, or too
    /// many are asked already.
    pub(crate) fn thread(thread: &Thread) -> Option<Self> {
        let signal = (*signal())?;
        let asked = Self(slot::OWN.take(thread)?);
        // SAFETY: signals a thread of this very process; one that has ended makes it fail.
        let sent = unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), thread.id, signal) };
        (sent == 0).then_some(asked)
    }

    /// The stack, what `pthread_self` returns on the thread, and the id of the span that is active on it, once they are
    /// there.
    pub(crate) fn answer(&self) -> Option<(Stack<'_>, u64, u64)> {
        let (answer, bytes) = self.0.answer()?;
        Some((Stack { registers: answer.registers, bytes }, answer.owner, answer.span))
    }

    /// Does a question to that thread wait until it takes signals, although it was taken back?
    pub(crate) fn is_pending(thread: i32) -> bool {
        let status = fs::read_to_string(format!("/proc/self/task/{thread}/status")).unwrap_or_default();
        let pending = status.lines().find_map(|line| line.strip_prefix("SigPnd:"));
        let pending = pending.and_then(|set| u64::from_str_radix(set.trim(), 16).ok()).unwrap_or_default();
        signal().is_some_and(|signal| pending >> (signal - 1) & 1 == 1)
    }

    /// Waits for the answer. False if none came within that time.
    pub(crate) fn wait(&self, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        while !self.0.is_done() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            self.0.sleep(left);
        }
        true
    }

    /// The same, and longer where the thread is ready to run but may have no core. `patience` is the time between two
    /// looks at that.
    fn wait_for_core(&self, thread: &Thread, patience: Duration, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        loop {
            let is_done = self.wait(patience);
            if is_done || !thread.is_runnable() || Instant::now() >= deadline {
                return is_done;
            }
        }
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.0.free();
    }
}

/// What `read` makes of the stack of a thread of this process. `None` if the thread has ended, or cannot be interrupted
/// now.
pub(crate) fn interrupted<T>(thread: &Thread, read: impl FnOnce(Stack<'_>) -> T) -> Option<T> {
    let asked = Asked::thread(thread)?;
    asked.wait_for_core(thread, PATIENCE, PATIENCE_WITHOUT_CORE);
    asked.answer().map(|(stack, ..)| read(stack))
}

/// The signal, with its handler in place. A real-time one, since applications use the others.
fn signal() -> &'static Option<c_int> {
    static SIGNAL: OnceLock<Option<c_int>> = OnceLock::new();
    SIGNAL.get_or_init(|| {
        let signal = libc::SIGRTMIN() + 4;
        let mut action = MaybeUninit::<libc::sigaction>::zeroed();
        // SAFETY: an all-zero `sigaction` is a valid one; its handler has the signature that `SA_SIGINFO` asks for,
        // and does nothing that a signal handler may not.
        let set = unsafe {
            let action = action.assume_init_mut();
            action.sa_sigaction = answer as *const () as usize;
            // Calls that are interrupted are taken up again: nobody is to notice.
            action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART | libc::SA_ONSTACK;
            libc::sigaction(signal, action, ptr::null_mut())
        };
        (set == 0).then_some(signal)
    })
}

/// Runs on the interrupted thread. Copies, and nothing else: no lock, no allocation, no panic.
extern "C" fn answer(_signal: c_int, _info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: the calling thread has one; the code that is interrupted may be about to read it.
    let errno = unsafe { &mut *libc::__errno_location() };
    let before = *errno;
    // SAFETY: with `SA_SIGINFO` the system passes the interrupted thread's context.
    let context = unsafe { &*context.cast::<libc::ucontext_t>() };
    let alternate = context.uc_stack.ss_sp as u64;
    let alternate = alternate..alternate.saturating_add(context.uc_stack.ss_size as u64);
    // SAFETY: it reads the thread's own register.
    let owner = unsafe { libc::pthread_self() } as u64;
    let known = Answer::new(Registers::of(context), owner, active::get());
    // SAFETY: registers and signal stack are what the system says of this thread. A stack that is as `pthread_self` says
    // still the thread's that was asked is where it was.
    unsafe { slot::OWN.answer(nix::unistd::gettid().as_raw(), known, &alternate) };
    *errno = before;
}

#[cfg(test)]
mod tests;
