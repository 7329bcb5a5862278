//! A running thread's stack, taken by interrupting it with a signal.

use std::cell::UnsafeCell;
use std::ffi::{c_int, c_void};
use std::mem::MaybeUninit;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicI32, AtomicU8, AtomicU64, AtomicUsize};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::{Registers, Snapshot, Thread};

/// Most bytes of a stack that are copied: enough for some hundred frames.
const LIMIT: usize = 256 * 1024;

/// How long a thread may take to be interrupted: one that waits for a disk cannot be.
const PATIENCE: Duration = Duration::from_millis(500);

const IDLE: u8 = 0;
const ASKED: u8 = 1;
const COPYING: u8 = 2;
const DONE: u8 = 3;

/// Where the handler puts what it copies. There is one: a handler has no argument of its own.
struct Place {
    state: AtomicU8,
    thread: AtomicI32,
    stack_start: AtomicU64,
    stack_end: AtomicU64,
    registers: UnsafeCell<Registers>,
    length: AtomicUsize,
    bytes: UnsafeCell<[u8; LIMIT]>,
}

// SAFETY: the cells are written by the handler alone, and only between `COPYING` and `DONE`; they are read only after
// `DONE` was seen. The state changes hands with acquire and release.
unsafe impl Sync for Place {}

static PLACE: Place = Place {
    state: AtomicU8::new(IDLE),
    thread: AtomicI32::new(0),
    stack_start: AtomicU64::new(0),
    stack_end: AtomicU64::new(0),
    registers: UnsafeCell::new(Registers { ip: 0, sp: 0, fp: 0, lr: 0 }),
    length: AtomicUsize::new(0),
    bytes: UnsafeCell::new([0; LIMIT]),
};

/// The stack of a thread of this process, which goes on at once. `None` where the thread has ended, or cannot be
/// interrupted now.
pub(crate) fn interrupted(thread: &Thread) -> Option<Snapshot> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let signal = (*signal())?;
    PLACE.thread.store(thread.id, Relaxed);
    PLACE.stack_start.store(thread.stack.start, Relaxed);
    PLACE.stack_end.store(thread.stack.end, Relaxed);
    PLACE.state.store(ASKED, Release);
    // SAFETY: signals a thread of this very process; one that has ended makes it fail.
    let sent = unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), thread.id, signal) };
    if sent != 0 || !wait() {
        return None;
    }
    let length = PLACE.length.load(Relaxed);
    // SAFETY: the state is `DONE`, so the handler is through with the cells, and no other asks meanwhile.
    let (registers, bytes) = unsafe { (*PLACE.registers.get(), &(&*PLACE.bytes.get())[..length]) };
    let snapshot = Snapshot { registers, bytes: bytes.to_vec() };
    PLACE.state.store(IDLE, Release);
    Some(snapshot)
}

/// Waits for the handler; where it does not come in time, takes the question back.
fn wait() -> bool {
    let deadline = Instant::now() + PATIENCE;
    while PLACE.state.load(Acquire) != DONE {
        let late = Instant::now() >= deadline;
        if late && PLACE.state.compare_exchange(ASKED, IDLE, AcqRel, Acquire).is_ok() {
            return false;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    true
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
            action.sa_sigaction = copy as *const () as usize;
            // Calls that are interrupted are taken up again: nobody is to notice.
            action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART | libc::SA_ONSTACK;
            libc::sigaction(signal, action, std::ptr::null_mut())
        };
        (set == 0).then_some(signal)
    })
}

/// Runs on the interrupted thread. Copies, and nothing else: no lock, no allocation, no panic.
extern "C" fn copy(_signal: c_int, _info: *mut libc::siginfo_t, context: *mut c_void) {
    let me = nix::unistd::gettid().as_raw();
    if PLACE.thread.load(Relaxed) != me
        || PLACE.state.compare_exchange(ASKED, COPYING, AcqRel, Acquire).is_err()
    {
        return;
    }
    // SAFETY: with `SA_SIGINFO` the system passes the interrupted thread's context.
    let registers = Registers::of(unsafe { &*context.cast::<libc::ucontext_t>() });
    let (start, end) = (PLACE.stack_start.load(Relaxed), PLACE.stack_end.load(Relaxed));
    let inside = (start..end).contains(&registers.sp);
    let length = if inside { usize::try_from(end - registers.sp).unwrap_or(0).min(LIMIT) } else { 0 };
    // SAFETY: from the stack pointer to the stack's end is readable memory of this thread, `length` is no more than
    // that nor than the place; between `COPYING` and `DONE` nobody else touches the cells.
    unsafe {
        *PLACE.registers.get() = registers;
        std::ptr::copy_nonoverlapping(registers.sp as *const u8, PLACE.bytes.get().cast(), length);
    }
    PLACE.length.store(length, Relaxed);
    PLACE.state.store(DONE, Release);
}
