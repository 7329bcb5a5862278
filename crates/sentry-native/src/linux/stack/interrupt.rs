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
    asked.wait(PATIENCE);
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
mod tests {
    use std::hint::black_box;
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
    use std::sync::{Arc, mpsc};
    use std::thread::{self, JoinHandle};

    use nix::sys::signal::{SigSet, Signal};

    use super::super::slot::LIMIT;
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);

    /// A thread that does that until the sender is dropped.
    fn busy(
        work: impl Fn(&mpsc::Receiver<()>) + Send + 'static,
    ) -> (Thread, mpsc::Sender<()>, JoinHandle<()>) {
        let (stop, stopped) = mpsc::channel();
        let (report, reported) = mpsc::channel();
        let thread = thread::spawn(move || {
            report.send(Thread::current().unwrap()).unwrap();
            work(&stopped);
        });
        (reported.recv().unwrap(), stop, thread)
    }

    fn end(stop: mpsc::Sender<()>, thread: JoinHandle<()>) {
        drop(stop);
        thread.join().unwrap();
    }

    fn is_open(gate: &mpsc::Receiver<()>) -> bool {
        gate.try_recv() == Err(mpsc::TryRecvError::Empty)
    }

    #[test]
    fn a_stack_is_copied_up_to_a_bound() {
        #[inline(never)]
        fn deep(levels: u32, gate: &mpsc::Receiver<()>) {
            let room = black_box([0_u8; 1024]);
            if levels == 0 {
                let _ = gate.recv();
            } else {
                deep(levels - 1, gate);
            }
            black_box(room);
        }
        let (thread, stop, worker) = busy(|gate| deep(200, gate));
        let length = || interrupted(&thread, |stack| stack.bytes.len());
        // It may not have come there yet.
        while length() != Some(LIMIT) {
            thread::yield_now();
        }
        end(stop, worker);
    }

    #[test]
    fn a_thread_is_asked_by_several_at_once_while_it_fails_system_calls() {
        let (thread, stop, worker) = busy(|gate| {
            while is_open(gate) {
                // SAFETY: there is no such descriptor.
                let closed = unsafe { libc::close(-1) };
                let error = std::io::Error::last_os_error().raw_os_error();
                assert_eq!((closed, error), (-1, Some(libc::EBADF)));
            }
        });
        let asking = (0..4).map(|_| {
            let thread = thread.clone();
            thread::spawn(move || {
                for _ in 0..500 {
                    assert!(interrupted(&thread, |stack| !stack.bytes.is_empty()).is_none_or(|seen| seen));
                }
            })
        });
        asking.collect::<Vec<_>>().into_iter().for_each(|asking| asking.join().unwrap());
        end(stop, worker);
    }

    #[test]
    fn a_thread_that_blocks_signals_answers_nobody_until_it_takes_them() {
        let taken = Arc::new(AtomicBool::new(false));
        let (report, reported) = mpsc::channel();
        let (take, block) = (Arc::clone(&taken), SigSet::all());
        let (thread, stop, worker) = busy(move |gate| {
            block.thread_block().unwrap();
            report.send(()).unwrap();
            while is_open(gate) {
                if take.load(Relaxed) {
                    block.thread_unblock().unwrap();
                }
                thread::yield_now();
            }
        });
        reported.recv().unwrap();
        let asked = Asked::thread(&thread).unwrap();
        assert!(!asked.wait(Duration::from_millis(20)) && asked.answer().is_none());
        // Taken back, it is not answered later; the next one is.
        drop(asked);
        assert!(Asked::is_pending(thread.id));
        let asked = Asked::thread(&thread).unwrap();
        taken.store(true, Relaxed);
        assert!(asked.wait(PATIENCE) && asked.answer().is_some());
        while Asked::is_pending(thread.id) {
            thread::yield_now();
        }
        end(stop, worker);
    }

    #[test]
    fn a_signal_that_nobody_sent_for_a_question_changes_nothing() {
        let (thread, stop, worker) = busy(|gate| {
            let _ = gate.recv();
        });
        let signal = (*signal()).unwrap();
        for _ in 0..100 {
            // SAFETY: the thread lives until this test ends it.
            assert_eq!(unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), thread.id, signal) }, 0);
        }
        assert!(interrupted(&thread, |_| ()).is_some());
        end(stop, worker);
    }

    #[test]
    fn a_stack_that_is_not_where_it_was_is_not_read() {
        let (mut thread, stop, worker) = busy(|gate| while is_open(gate) {});
        thread.owner += 16;
        assert_eq!(interrupted(&thread, |stack| stack.bytes.len()), Some(0));
        end(stop, worker);
    }

    #[test]
    fn a_handler_on_its_own_stack_is_seen_there() {
        extern "C" fn spin(_: c_int) {
            let deadline = Instant::now() + Duration::from_millis(50);
            while Instant::now() < deadline {}
        }
        let mut action = MaybeUninit::<libc::sigaction>::zeroed();
        // SAFETY: an all-zero `sigaction` is a valid one; the handler has the signature that no flag changes.
        unsafe {
            action.assume_init_mut().sa_sigaction = spin as *const () as usize;
            action.assume_init_mut().sa_flags = libc::SA_ONSTACK;
            libc::sigaction(libc::SIGUSR2, action.as_ptr(), ptr::null_mut());
        }
        // The standard library gives each of its threads a signal stack.
        let (thread, stop, worker) = busy(|gate| {
            while is_open(gate) {
                nix::sys::signal::raise(Signal::SIGUSR2).unwrap();
            }
        });
        let deadline = Instant::now() + PATIENCE;
        let elsewhere =
            |stack: Stack<'_>| (!thread.stack.contains(&stack.registers.sp)).then_some(stack.bytes.len());
        let length = loop {
            assert!(Instant::now() < deadline, "never seen in its handler");
            if let Some(Some(length)) = interrupted(&thread, elsewhere) {
                break length;
            }
        };
        assert!((1..=LIMIT).contains(&length), "{length}");
        end(stop, worker);
    }
}
