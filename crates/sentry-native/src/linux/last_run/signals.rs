//! Signals that end a process: recorded in its file before they do.

use std::ffi::{c_int, c_void};
use std::fs::File;
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering::Relaxed};

use super::{layout, now, termination};
use crate::linux::stack::Registers;

/// Signals that a process's own code raises.
const FAULTS: [c_int; 5] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGABRT, libc::SIGILL, libc::SIGFPE];

/// Requests to end. A server handles these once it serves; until then they end it at once.
const ASKED: [c_int; 3] = [libc::SIGTERM, libc::SIGINT, libc::SIGHUP];

/// Other signals that end a process unless it handles them: traps, limits, timers, and signals sent by mistake.
const ENDS: [c_int; 13] = [
    libc::SIGQUIT,
    libc::SIGTRAP,
    libc::SIGSYS,
    libc::SIGXCPU,
    libc::SIGXFSZ,
    libc::SIGALRM,
    libc::SIGVTALRM,
    libc::SIGPROF,
    libc::SIGUSR1,
    libc::SIGUSR2,
    libc::SIGIO,
    libc::SIGPWR,
    libc::SIGSTKFLT,
];

static FILE: AtomicI32 = AtomicI32::new(-1);
static OWNER: AtomicI32 = AtomicI32::new(0);
static NOTED: AtomicBool = AtomicBool::new(false);
/// What was to happen before: for SIGSEGV and SIGBUS the standard library's words about a stack overflow.
static BEFORE: [OnceLock<libc::sigaction>; FAULTS.len()] = [const { OnceLock::new() }; FAULTS.len()];

/// Notes them in this file, which has to stay open.
pub(super) fn watch(file: &File) {
    OWNER.store(own_pid(), Relaxed);
    FILE.store(file.as_raw_fd(), Relaxed);
    for (signal, before) in FAULTS.into_iter().zip(&BEFORE) {
        let Some(there) = action_of(signal) else { continue };
        if before.set(there).is_ok() {
            handle(signal, there, faulted);
        }
    }
    for signal in ASKED.into_iter().chain(ENDS).chain(libc::SIGRTMIN()..=libc::SIGRTMAX()) {
        // Signals that are handled or ignored already stay so.
        if let Some(there) = action_of(signal).filter(|there| there.sa_sigaction == libc::SIG_DFL) {
            handle(signal, there, ended);
        }
    }
}

/// Is it a request to end, so that there is nothing to report?
pub(super) fn is_asked(signal: c_int) -> bool {
    ASKED.contains(&signal)
}

type Handler = extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void);

fn action_of(signal: c_int) -> Option<libc::sigaction> {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: it only asks; where it succeeds it has written the answer.
    unsafe { (libc::sigaction(signal, ptr::null(), action.as_mut_ptr()) == 0).then(|| action.assume_init()) }
}

fn handle(signal: c_int, mut action: libc::sigaction, handler: Handler) {
    action.sa_sigaction = handler as *const () as usize;
    // Not blocked meanwhile, so that `raise` ends the process at once. What was there may block it: `signal` of the C
    // library puts the signal itself into the mask.
    action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_NODEFER;
    // SAFETY: it writes to the action alone.
    unsafe { libc::sigemptyset(&raw mut action.sa_mask) };
    // SAFETY: the handlers have the signature that `SA_SIGINFO` asks for, and do nothing that they may not.
    if unsafe { libc::sigaction(signal, &raw const action, ptr::null_mut()) } != 0 {
        tracing::warn!(signal, "a termination by this signal will not be reported");
    }
}

extern "C" fn faulted(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    note(signal, info, context);
    // SAFETY: with `SA_SIGINFO` the system passes it.
    if unsafe { (*info).si_code } > 0 {
        // The same instruction fails once more when this returns, and then it is as if this had not been here.
        restore(signal);
    } else {
        terminate(signal);
    }
}

/// A handler that was installed later may call this one: then that handler decides.
extern "C" fn ended(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    if action_of(signal).is_some_and(|there| there.sa_sigaction == ended as *const () as usize) {
        note(signal, info, context);
        terminate(signal);
    }
}

/// No lock, no allocation, no panic.
fn note(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: with `SA_SIGINFO` the system passes both; signals without an address have other numbers in its place.
    let (code, address, registers) = unsafe {
        ((*info).si_code, (*info).si_addr() as u64, Registers::of(&*context.cast::<libc::ucontext_t>()))
    };
    let (thread, at) = (now::thread_id(), now::millis());
    // The first counts: an abort may follow from it. A copy of this process that `fork` made is not this process.
    if !NOTED.swap(true, Relaxed) && own_pid() == OWNER.load(Relaxed) {
        let mut name = [0_u8; termination::NAME];
        // SAFETY: the name and its end fit; a descriptor that is closed only makes the writing fail.
        unsafe {
            libc::prctl(libc::PR_GET_NAME, name.as_mut_ptr());
            let noted =
                termination::bytes([signal as u64, code as u64, address, registers.sp, thread, at], name);
            libc::pwrite(
                FILE.load(Relaxed),
                noted.as_ptr().cast(),
                noted.len(),
                layout::TERMINATION as libc::off_t,
            );
        }
    }
}

fn own_pid() -> i32 {
    nix::unistd::getpid().as_raw()
}

fn restore(signal: c_int) {
    let before = FAULTS.iter().position(|it| *it == signal).and_then(|index| BEFORE[index].get());
    match before {
        // SAFETY: it is what the system said was there.
        Some(before) if unsafe { libc::sigaction(signal, before, ptr::null_mut()) } == 0 => {}
        _ => terminate(signal),
    }
}

/// Sent by somebody, also by an abort: no instruction fails once more.
fn terminate(signal: c_int) -> ! {
    // SAFETY: the signal was just delivered, so it is a valid one. Only a process with the number 1 is still there after
    // it, since the system spares that one; it ends as a shell would say it.
    unsafe {
        libc::signal(signal, libc::SIG_DFL);
        libc::raise(signal);
        libc::_exit(128 + signal)
    }
}
