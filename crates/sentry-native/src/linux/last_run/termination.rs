//! What a signal handler can report about a termination, as bytes and as text.

use sentry::protocol::PosixSignal;

use crate::linux::signal::{self, Fault};

/// A thread's name, with the zero at its end.
pub(super) const NAME: usize = 16;

/// Signal, code, address, stack pointer, thread and time.
pub(super) const NUMBERS: usize = 6;

/// Bytes in the file: the numbers, little-endian, and the thread's name.
pub(super) const BYTES: usize = NUMBERS * 8 + NAME;

/// The kernel's page, or a multiple: an overflow ends up to one below the stack pointer's, or above it.
const PAGE: u64 = 4096;

/// A termination by a signal.
#[derive(Debug, PartialEq)]
pub(super) struct Termination {
    pub(super) signal: i32,
    /// `si_code`: above zero it is the kernel's, about memory or an instruction; else a process sent the signal.
    pub(super) code: i32,
    fault: Fault,
    pub(super) thread: String,
    pub(super) thread_id: u64,
    /// On the clock that runs since the machine does, milliseconds.
    pub(super) at: u64,
}

/// For a signal's handler: no lock, no allocation, no panic.
pub(super) fn bytes(numbers: [u64; NUMBERS], thread: [u8; NAME]) -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    let (into, name) = bytes.split_at_mut(BYTES - NAME);
    for (into, number) in into.chunks_exact_mut(8).zip(numbers) {
        into.copy_from_slice(&number.to_le_bytes());
    }
    name.copy_from_slice(&thread);
    bytes
}

impl Termination {
    pub(super) fn read(bytes: &[u8; BYTES]) -> Option<Self> {
        let (numbers, name) = bytes.split_at(BYTES - NAME);
        let mut numbers = numbers.chunks_exact(8).map(|it| it.try_into().map_or(0, u64::from_le_bytes));
        let (signal, code) = (numbers.next()? as i32, numbers.next()? as i32);
        let (address, stack) = (numbers.next()?, numbers.next()?);
        let (thread_id, at) = (numbers.next()?, numbers.next()?);
        let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
        let thread = String::from_utf8_lossy(name).into_owned();
        let fault = Fault::at(address, stack.saturating_add(PAGE));
        (signal > 0).then_some(Self { signal, code, fault, thread, thread_id, at })
    }

    pub(super) fn name(&self) -> &'static str {
        signal::name(self.signal)
    }

    /// `abort` sends its signal, too, but to its own thread.
    pub(super) fn reason(&self) -> &'static str {
        match self.code {
            libc::SI_TKILL if self.signal == libc::SIGABRT => signal::reason(self.signal, self.fault),
            ..=0 => "a process sent the signal",
            _ => signal::reason(self.signal, self.fault),
        }
    }

    /// Did its own thread send it, as `abort` does?
    pub(super) fn is_abort(&self) -> bool {
        (self.signal, self.code) == (libc::SIGABRT, libc::SI_TKILL)
    }

    pub(super) fn posix(&self) -> PosixSignal {
        PosixSignal {
            number: self.signal,
            code: Some(self.code),
            name: Some(self.name().to_owned()),
            code_name: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_termination_says_what_it_was() {
        const STACK: u64 = 0x7f00_0000_0000;
        for (signal, code, address, reason) in [
            (libc::SIGSEGV, 2, STACK - 8, "a stack overflowed"),
            (libc::SIGSEGV, 1, 0, "a null pointer was dereferenced"),
            (libc::SIGSEGV, 0, 0, "a process sent the signal"),
            (libc::SIGABRT, libc::SI_TKILL, 0, "the process aborted"),
            (libc::SIGABRT, 0, 0, "a process sent the signal"),
        ] {
            let numbers = [signal as u64, code as u64, address, STACK, 1, 2];
            let termination = Termination::read(&bytes(numbers, *b"worker\0\0\0\0\0\0\0\0\0\0")).unwrap();
            assert_eq!(
                (termination.reason(), termination.thread.as_str()),
                (reason, "worker"),
                "{termination:?}"
            );
        }
    }
}
