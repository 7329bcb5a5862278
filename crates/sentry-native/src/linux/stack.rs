//! Stacks that cannot be walked where they are: another thread's, or that of a process which is dying.
//!
//! A signal handler may do next to nothing, so it only copies registers and stack ([`Stack`]). Unwinding them needs
//! no more than the unwind tables of the loaded modules ([`maps`]), and happens later, in ordinary code. No frame
//! pointers are needed. Linux on x86-64 and AArch64.

mod futex;
mod interrupt;
pub(crate) mod maps;
mod program;
mod registers;
mod slot;
mod thread;
mod unwind;

pub(crate) use interrupt::{Asked, interrupted};
pub(crate) use registers::Registers;
pub(crate) use thread::Thread;
pub(crate) use unwind::Unwinder;

/// A stack as it was at one moment: from the stack pointer up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stack<'a> {
    pub(crate) registers: Registers,
    pub(crate) bytes: &'a [u8],
}
