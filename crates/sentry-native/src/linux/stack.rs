//! Stacks that cannot be walked where they are: another thread's, or that of a process which is dying.
//!
//! A signal handler may do next to nothing, so it only copies registers and stack ([`Snapshot`]). Unwinding them needs
//! no more than the unwind tables of the loaded modules ([`maps`]), and happens later, in ordinary code. No frame
//! pointers are needed. Linux on x86-64 and AArch64.

mod interrupt;
pub(crate) mod maps;
mod registers;
mod thread;
mod unwind;

pub(crate) use interrupt::interrupted;
pub(crate) use registers::Registers;
pub(crate) use thread::Thread;

/// A stack as it was at one moment: from the stack pointer up.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) registers: Registers,
    pub(crate) bytes: Vec<u8>,
}
