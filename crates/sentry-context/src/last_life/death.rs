//! What a signal's handler can tell of a death, as bytes and in words.

use sentry::protocol::PosixSignal;

use crate::native_crash::{Fault, signal_name, signal_reason};

/// A thread's name, with the zero at its end.
pub(super) const NAME: usize = 16;

/// Bytes in the file: signal, code, address and stack pointer, little-endian, and the thread's name.
pub(super) const LENGTH: usize = 4 * 8 + NAME;

/// The kernel's page, or a multiple: an overflow ends up to one below the stack pointer's, or above it.
const PAGE: u64 = 4096;

/// A death by a signal.
#[derive(Debug, PartialEq)]
pub(super) struct Death {
    pub(super) signal: i32,
    /// `si_code`: above zero it is the kernel's, about memory or an instruction; else somebody sent it.
    pub(super) code: i32,
    fault: Fault,
    pub(super) thread: String,
}

/// For a signal's handler: no lock, no allocation, no panic.
pub(super) fn bytes(signal: i32, code: i32, address: u64, stack: u64, thread: [u8; NAME]) -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    let (numbers, name) = bytes.split_at_mut(LENGTH - NAME);
    for (into, number) in numbers.chunks_exact_mut(8).zip([signal as u64, code as u64, address, stack]) {
        into.copy_from_slice(&number.to_le_bytes());
    }
    name.copy_from_slice(&thread);
    bytes
}

impl Death {
    pub(super) fn read(bytes: &[u8; LENGTH]) -> Option<Self> {
        let (numbers, name) = bytes.split_at(LENGTH - NAME);
        let mut numbers = numbers.chunks_exact(8).map(|it| it.try_into().map_or(0, u64::from_le_bytes));
        let (signal, code) = (numbers.next()? as i32, numbers.next()? as i32);
        let (address, stack) = (numbers.next()?, numbers.next()?);
        let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
        let thread = String::from_utf8_lossy(name).into_owned();
        let fault = Fault::at(address, stack.saturating_add(PAGE));
        (signal > 0).then_some(Self { signal, code, fault, thread })
    }

    pub(super) fn name(&self) -> &'static str {
        signal_name(self.signal)
    }

    /// `abort` sends its signal, too, but to its own thread.
    pub(super) fn reason(&self) -> &'static str {
        match self.code {
            libc::SI_TKILL if self.signal == libc::SIGABRT => signal_reason(self.signal, self.fault),
            ..=0 => "somebody sent it",
            _ => signal_reason(self.signal, self.fault),
        }
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
    fn a_death_says_what_it_was() {
        const STACK: u64 = 0x7f00_0000_0000;
        for (signal, code, address, reason) in [
            (libc::SIGSEGV, 2, STACK - 8, "its stack overflowed"),
            (libc::SIGSEGV, 1, 0, "it followed a null pointer"),
            (libc::SIGSEGV, 0, 0, "somebody sent it"),
            (libc::SIGABRT, libc::SI_TKILL, 0, "it gave itself up"),
            (libc::SIGABRT, 0, 0, "somebody sent it"),
        ] {
            let death = Death::read(&bytes(signal, code, address, STACK, *b"worker\0\0\0\0\0\0\0\0\0\0"));
            let death = death.unwrap();
            assert_eq!((death.reason(), death.thread.as_str()), (reason, "worker"), "{death:?}");
        }
    }
}
