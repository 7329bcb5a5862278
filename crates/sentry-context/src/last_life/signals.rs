//! Signals that end a process: noted in its file before they do.

use std::ffi::{c_int, c_void};
use std::fs::File;
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering::Relaxed};

use super::record::LENGTH;

/// What a process dies of by its own doing, with their names.
const DEADLY: [(c_int, &str); 5] = [
    (libc::SIGSEGV, "SIGSEGV"),
    (libc::SIGBUS, "SIGBUS"),
    (libc::SIGABRT, "SIGABRT"),
    (libc::SIGILL, "SIGILL"),
    (libc::SIGFPE, "SIGFPE"),
];

static FILE: AtomicI32 = AtomicI32::new(-1);
static NOTED: AtomicBool = AtomicBool::new(false);

/// Notes them in this file, which has to stay open.
pub(super) fn watch(file: &File) {
    FILE.store(file.as_raw_fd(), Relaxed);
    for (signal, name) in DEADLY {
        if !handle(signal) {
            tracing::warn!(name, "it could not be arranged that a death of it is told");
        }
    }
}

/// Its name; there is one for each that is noted.
pub(super) fn name(signal: c_int) -> &'static str {
    DEADLY.iter().find(|(it, _)| *it == signal).map_or("Signal", |(_, name)| name)
}

fn handle(signal: c_int) -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: an all-zero `sigaction` is a valid one; its handler has the signature that `SA_SIGINFO` asks for, and
    // does nothing that a signal handler may not.
    unsafe {
        let action = action.assume_init_mut();
        action.sa_sigaction = note as *const () as usize;
        // The default action is back when the handler runs, so that the signal still ends the process.
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_RESETHAND;
        libc::sigaction(signal, action, std::ptr::null_mut()) == 0
    }
}

/// No lock, no allocation, no panic.
extern "C" fn note(signal: c_int, info: *mut libc::siginfo_t, _context: *mut c_void) {
    // The first counts: an abort may follow from it.
    if !NOTED.swap(true, Relaxed) {
        let byte = signal as u8;
        // SAFETY: one byte is read from a variable that is there; a descriptor that is closed only makes it fail.
        unsafe { libc::pwrite(FILE.load(Relaxed), (&raw const byte).cast(), 1, LENGTH as libc::off_t) };
    }
    // SAFETY: with `SA_SIGINFO` the system passes it.
    if unsafe { (*info).si_code } <= 0 {
        // Sent by somebody: no instruction will fail once more when this returns.
        // SAFETY: the signal was just delivered, so it is a valid one.
        unsafe { libc::raise(signal) };
    }
}
