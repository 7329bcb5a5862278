//! The names of signals, and what they mean.

use nix::sys::signal::Signal;

/// What kind of memory was touched that must not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Where no pointer points that was ever set.
    Null,
    /// Right below the thread's stack.
    StackEnd,
    Elsewhere,
}

impl Fault {
    /// Pages that stay unmapped below each stack and at the start of memory: one, but systems may be set to more.
    const GUARD: u64 = 64 * 1024;

    pub(super) fn at(address: u64, stack_start: u64) -> Self {
        match address {
            0..Self::GUARD => Self::Null,
            _ if (stack_start.saturating_sub(Self::GUARD)..stack_start).contains(&address) => Self::StackEnd,
            _ => Self::Elsewhere,
        }
    }

    /// Where that is.
    pub(super) fn place(self) -> &'static str {
        match self {
            Self::Null => "the null page",
            Self::StackEnd => "the guard below the stack",
            Self::Elsewhere => "memory that is not mapped, or not for this",
        }
    }
}

/// What a signal means that the kernel sent for what a process did.
pub(super) fn reason(signal: i32, fault: Fault) -> &'static str {
    match (signal, fault) {
        (libc::SIGSEGV | libc::SIGBUS, Fault::StackEnd) => "a stack overflowed",
        (libc::SIGSEGV | libc::SIGBUS, Fault::Null) => "a null pointer was dereferenced",
        (libc::SIGSEGV | libc::SIGBUS, Fault::Elsewhere) => "invalid memory was accessed",
        (libc::SIGABRT, _) => "the process aborted",
        (libc::SIGFPE, _) => "an arithmetic operation has no result",
        (libc::SIGILL, _) => "an instruction is illegal",
        (libc::SIGTRAP, _) => "a breakpoint was reached",
        (libc::SIGSYS, _) => "a system call is forbidden",
        (libc::SIGXCPU, _) => "the CPU time limit was exceeded",
        (libc::SIGXFSZ, _) => "the file size limit was exceeded",
        (libc::SIGALRM | libc::SIGVTALRM | libc::SIGPROF, _) => "a timer expired",
        _ => "a process sent the signal",
    }
}

/// The name of a signal; those that applications give a meaning share one.
pub(super) fn name(signal: i32) -> &'static str {
    match Signal::try_from(signal) {
        Ok(known) => known.as_str(),
        Err(_) if signal >= libc::SIGRTMIN() => "SIGRT",
        Err(_) => "Signal",
    }
}
