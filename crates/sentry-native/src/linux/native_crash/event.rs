//! A native crash as it is reported, and the ways in which a child fails to crash.

use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use sentry::Level;
use sentry::protocol::PosixSignal;
use sentry_context::frames::Origin;
use sentry_context::report::{Reportable, Traced};
use sentry_context::{Facts, facts};

use super::record::{Record, THREAD};
use crate::linux::signal::{self, Fault};
use crate::linux::stack::Unwinder;
use crate::linux::stack::maps::Maps;

/// Frames that are kept of a deep stack: those where it ended, and those where it began.
const INNERMOST: usize = 200;
const OUTERMOST: usize = 50;

/// Deepest stack that is unwound.
const DEEPEST: usize = 100_000;

/// A process that a signal ended.
#[derive(Debug, thiserror::Error)]
#[error("a child process was terminated by {}: {}", self.type_name(), self.reason())]
pub struct NativeCrash {
    signal: i32,
    /// `si_code`: what about the memory or the instruction was wrong.
    code: i32,
    fault: Fault,
    /// Frames on its stack.
    depth: usize,
}

/// No native crash came about.
#[derive(Debug, thiserror::Error)]
pub enum CrashChildFailed {
    /// The server stops.
    #[error("no more child processes are started")]
    NoTurn,
    /// The system gave no process, or no pipe to it.
    #[error("the child process could not be started")]
    NotStarted(#[source] io::Error),
    /// It did not crash in time, and was killed.
    #[error("the child process still ran after {} s", .0.as_secs())]
    TimedOut(Duration),
    /// It ended otherwise than by a signal.
    #[error("the child process did not crash: {0}")]
    Survived(ExitStatus),
    /// It crashed without a record.
    #[error("the child was terminated by signal {signal} and left no record")]
    Silent {
        /// The signal that ended it.
        signal: i32,
    },
}

impl NativeCrash {
    /// The crash that a child left a record of, with its stack at the places that its functions have in this process.
    pub(super) fn of(record: &Record, signal: i32) -> Traced<Self> {
        let own = Maps::own();
        let addresses = Unwinder::new(&record.maps).addresses(record.stack(), DEEPEST);
        let depth = addresses.len();
        let kept = addresses
            .iter()
            .take(INNERMOST)
            .chain(addresses.iter().skip(INNERMOST.max(depth.saturating_sub(OUTERMOST))));
        // What has no place here has no name either; its address is better than none.
        let here = kept.map(|address| own.translate(*address, &record.maps).unwrap_or(*address));
        let error = Self { signal, code: record.code, fault: record.fault, depth };
        Traced { error, origin: Origin::of(here.collect()) }
    }

    fn reason(&self) -> &'static str {
        signal::reason(self.signal, self.fault)
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
        signal::name(self.signal)
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
            ("thread", THREAD.into()),
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
    use proptest::prelude::*;

    use super::super::record::{self, WORDS};
    use super::*;

    #[test]
    fn a_crash_names_its_reason() {
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

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn fuzz_any_bytes_of_a_child_are_a_bounded_crash_or_none(
            length in prop_oneof![any::<u64>(), 0..300_u64],
            text in "(([0-9a-f]{1,17}-[0-9a-f]{1,17}|-) (r-xp|rw-p|é) [0-9a-f]{0,17} [0-9a-z:]{0,5} [0-9]{0,3} {0,3}(/no/such/program|\\[vdso\\]|\\[stack\\]|)\n){0,5}",
            words in proptest::collection::vec(any::<u64>(), 0..2 * WORDS),
            stack in proptest::collection::vec(any::<u8>(), 0..400),
        ) {
            let rest: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).chain(stack).collect();
            let reported = [record::maps(&text), rest.clone()].concat();
            let lied = [&length.to_ne_bytes()[..], text.as_bytes(), &rest].concat();
            for bytes in [&reported, &lied, &rest] {
                if let Some(record) = Record::read(bytes) {
                    prop_assert!(record.stack().bytes.len() <= bytes.len());
                    let crash = NativeCrash::of(&record, 11);
                    prop_assert!(crash.origin.addresses().len() <= INNERMOST + OUTERMOST);
                    prop_assert!(crash.error.to_string().len() < 200);
                }
            }
        }
    }
}
