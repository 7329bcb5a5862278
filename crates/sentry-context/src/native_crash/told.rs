//! A native crash, as it is told; and what can go wrong with having one.

use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use sentry::Level;
use sentry::protocol::PosixSignal;

use crate::report::Reportable;
use crate::{Facts, facts};

/// A process that a signal ended.
#[derive(Debug, thiserror::Error)]
#[error("a sacrificed process died of {}: {}", self.type_name(), self.reason())]
pub struct NativeCrash {
    pub(super) signal: i32,
    /// `si_code`: what about the memory or the instruction was wrong.
    pub(super) code: i32,
    /// Frames on its stack.
    pub(super) depth: usize,
}

/// No native crash came about.
#[derive(Debug, thiserror::Error)]
pub enum SacrificeFailed {
    /// The server stops.
    #[error("no process is sacrificed any more")]
    NoTurn,
    /// The system gave no process, or no pipe to it.
    #[error("the sacrifice could not be started")]
    NotStarted(#[source] io::Error),
    /// It did not die in time, and was killed.
    #[error("the sacrifice still lived after {} s", .0.as_secs())]
    Lives(Duration),
    /// It ended otherwise than by a signal.
    #[error("the sacrifice did not crash: {0}")]
    Survived(ExitStatus),
    /// It died before it could tell where.
    #[error("the sacrifice died of signal {signal} without a word")]
    Silent {
        /// Of which it died.
        signal: i32,
    },
}

impl NativeCrash {
    fn reason(&self) -> &'static str {
        match (self.signal, self.code_name()) {
            (libc::SIGSEGV, _) if self.depth > 1_000 => "its stack overflowed",
            (libc::SIGSEGV | libc::SIGBUS, _) => "it touched memory that is not its own",
            (libc::SIGABRT, _) => "it gave itself up",
            _ => "it ran an instruction that there is not",
        }
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
        match self.signal {
            libc::SIGSEGV => "SIGSEGV",
            libc::SIGABRT => "SIGABRT",
            libc::SIGBUS => "SIGBUS",
            libc::SIGILL => "SIGILL",
            libc::SIGFPE => "SIGFPE",
            _ => "Signal",
        }
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
            ("stack_depth", self.depth.into()),
            ("process", "a sacrificed child; the service lives".into()),
        ]);
        Some(("native_crash", facts))
    }

    fn answer(&self) -> Facts {
        facts([("signal", self.signal.into())])
    }
}

impl Reportable for SacrificeFailed {
    fn type_name(&self) -> &'static str {
        "SacrificeError"
    }
}
