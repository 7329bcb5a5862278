//! A native crash, as it is reported; and what can go wrong with having one.

use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use sentry::Level;
use sentry::protocol::PosixSignal;

use crate::report::Reportable;
use crate::{Facts, facts};

/// A process that a signal ended.
#[derive(Debug, thiserror::Error)]
#[error("a child process was terminated by {}: {}", self.type_name(), self.reason())]
pub struct NativeCrash {
    pub(super) signal: i32,
    /// `si_code`: what about the memory or the instruction was wrong.
    pub(super) code: i32,
    pub(super) fault: Fault,
    /// Frames on its stack.
    pub(super) depth: usize,
}

/// What kind of memory was touched that must not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Where no pointer points that was ever set.
    Null,
    /// Right below the thread's stack.
    StackEnd,
    Elsewhere,
}

impl Fault {
    /// Pages that stay unmapped below each stack and at the start of memory: one, but systems may be set to more.
    const GUARD: u64 = 64 * 1024;

    pub(crate) fn at(address: u64, stack_start: u64) -> Self {
        match address {
            0..Self::GUARD => Self::Null,
            _ if (stack_start.saturating_sub(Self::GUARD)..stack_start).contains(&address) => Self::StackEnd,
            _ => Self::Elsewhere,
        }
    }

    fn place(self) -> &'static str {
        match self {
            Self::Null => "the null page",
            Self::StackEnd => "the guard below the stack",
            Self::Elsewhere => "memory that is not mapped, or not for this",
        }
    }
}

/// No native crash came about.
#[derive(Debug, thiserror::Error)]
pub enum CrashChildFailed {
    /// The server stops.
    #[error("no child process is started any more")]
    NoTurn,
    /// The system gave no process, or no pipe to it.
    #[error("the child process could not be started")]
    NotStarted(#[source] io::Error),
    /// It did not die in time, and was killed.
    #[error("the child process still ran after {} s", .0.as_secs())]
    TimedOut(Duration),
    /// It ended otherwise than by a signal.
    #[error("the child process did not crash: {0}")]
    Survived(ExitStatus),
    /// It died before it could say where.
    #[error("the child was terminated by signal {signal} and left no record")]
    Silent {
        /// Of which it died.
        signal: i32,
    },
}

/// What a signal means that the kernel sent for what a process did.
pub(crate) fn signal_reason(signal: i32, fault: Fault) -> &'static str {
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

/// As the system's headers have them.
const NAMES: [(i32, &str); 21] = [
    (libc::SIGHUP, "SIGHUP"),
    (libc::SIGINT, "SIGINT"),
    (libc::SIGQUIT, "SIGQUIT"),
    (libc::SIGILL, "SIGILL"),
    (libc::SIGTRAP, "SIGTRAP"),
    (libc::SIGABRT, "SIGABRT"),
    (libc::SIGBUS, "SIGBUS"),
    (libc::SIGFPE, "SIGFPE"),
    (libc::SIGKILL, "SIGKILL"),
    (libc::SIGUSR1, "SIGUSR1"),
    (libc::SIGSEGV, "SIGSEGV"),
    (libc::SIGUSR2, "SIGUSR2"),
    (libc::SIGALRM, "SIGALRM"),
    (libc::SIGTERM, "SIGTERM"),
    (libc::SIGXCPU, "SIGXCPU"),
    (libc::SIGXFSZ, "SIGXFSZ"),
    (libc::SIGVTALRM, "SIGVTALRM"),
    (libc::SIGPROF, "SIGPROF"),
    (libc::SIGIO, "SIGIO"),
    (libc::SIGPWR, "SIGPWR"),
    (libc::SIGSYS, "SIGSYS"),
];

/// The name of a signal; those that applications give a meaning share one.
pub(crate) fn signal_name(signal: i32) -> &'static str {
    let known = NAMES.iter().find(|(number, _)| *number == signal);
    known.map_or(if signal >= libc::SIGRTMIN() { "SIGRT" } else { "Signal" }, |(_, name)| name)
}

impl NativeCrash {
    fn reason(&self) -> &'static str {
        signal_reason(self.signal, self.fault)
    }

    /// Only some signals are about an address.
    fn touched(&self) -> Option<&'static str> {
        matches!(self.signal, libc::SIGSEGV | libc::SIGBUS).then(|| self.fault.place())
    }

    fn code_name(&self) -> Option<&'static str> {
        // As <bits/siginfo-consts.h> has them.
        match (self.signal, self.code) {
            (libc::SIGSEGV, 1) => Some("SEGV_MAPERR"),
            (libc::SIGSEGV, 2) => Some("SEGV_ACCERR"),
            (libc::SIGBUS, 2) => Some("BUS_ADRERR"),
            _ => None,
        }
    }
}

impl Reportable for NativeCrash {
    fn type_name(&self) -> &'static str {
        signal_name(self.signal)
    }

    fn level(&self) -> Level {
        Level::Fatal
    }

    fn handled(&self) -> bool {
        false
    }

    fn mechanism(&self) -> &'static str {
        "signalhandler"
    }

    fn signal(&self) -> Option<PosixSignal> {
        Some(PosixSignal {
            number: self.signal,
            code: Some(self.code),
            name: Some(self.type_name().to_owned()),
            code_name: self.code_name().map(str::to_owned),
        })
    }

    fn context(&self) -> Option<(&'static str, Facts)> {
        let facts = facts([
            ("signal", self.signal.into()),
            ("code", self.code.into()),
            ("code_name", self.code_name().into()),
            ("touched", self.touched().into()),
            ("thread", super::child::THREAD.into()),
            ("stack_depth", self.depth.into()),
            ("process", "a child process; the service keeps running".into()),
        ]);
        Some(("native_crash", facts))
    }

    fn answer(&self) -> Facts {
        facts([("signal", self.signal.into())])
    }
}

impl Reportable for CrashChildFailed {
    fn type_name(&self) -> &'static str {
        "CrashChildError"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crash_says_what_it_died_of() {
        const STACK: u64 = 0x7f00_0000_0000;
        for (signal, address, reason) in [
            (libc::SIGSEGV, STACK - 8, "a stack overflowed"),
            (libc::SIGBUS, STACK - 4096, "a stack overflowed"),
            (libc::SIGSEGV, 8, "a null pointer was dereferenced"),
            (libc::SIGSEGV, STACK + 8, "invalid memory was accessed"),
            // What is no address is not taken for one.
            (libc::SIGABRT, 8, "the process aborted"),
        ] {
            let crash = NativeCrash { signal, code: 0, fault: Fault::at(address, STACK), depth: 1 };
            assert!(crash.to_string().ends_with(reason), "{crash}");
        }
    }
}
