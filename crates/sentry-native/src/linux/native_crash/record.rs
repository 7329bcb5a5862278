//! What the child writes: the length and the text of its `/proc/self/maps`, then, as it crashes, some words and its
//! stack. All in the machine's byte order, since parent and child are the same program.

use crate::linux::signal::Fault;
use crate::linux::stack::maps::Maps;
use crate::linux::stack::{Registers, Stack};

/// The thread that crashes.
pub(super) const THREAD: &str = "crash_child";

/// Signal, its code, the address that it is about, the lowest one of the stack, the registers `ip`, `sp`, `fp`, `lr`,
/// and the length of what is in use of the stack.
pub(super) const WORDS: usize = 9;

/// Bytes of both parts: a stack of half a MiB, and what even a large program has mapped.
pub(super) const LONGEST: u64 = 8 * 1024 * 1024;

/// What a child left.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) maps: Maps,
    pub(super) code: i32,
    pub(super) fault: Fault,
    registers: Registers,
    bytes: Vec<u8>,
}

/// The first part, as the child writes it.
pub(super) fn maps(text: &str) -> Vec<u8> {
    let mut bytes = (text.len() as u64).to_ne_bytes().to_vec();
    bytes.extend(text.as_bytes());
    bytes
}

impl Record {
    /// The stack of the thread that crashed.
    pub(super) fn stack(&self) -> Stack<'_> {
        Stack { registers: self.registers, bytes: &self.bytes }
    }

    /// Reads both parts; `None` if the child ended before it wrote them.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (length, rest) = word(bytes)?;
        let (maps, mut rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        let mut words = [0; WORDS];
        for place in &mut words {
            (*place, rest) = word(rest)?;
        }
        let [_signal, code, fault, stack_start, ip, sp, fp, lr, length] = words;
        let stack = rest.get(..usize::try_from(length).ok()?.min(rest.len()))?;
        Some(Self {
            maps: Maps::parse(str::from_utf8(maps).ok()?),
            code: code as i32,
            fault: Fault::at(fault, stack_start),
            registers: Registers { ip, sp, fp, lr },
            bytes: stack.to_vec(),
        })
    }
}

fn word(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (word, rest) = bytes.split_first_chunk()?;
    Some((u64::from_ne_bytes(*word), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_was_broken_off_is_none() {
        let mut bytes = maps("55d0c0000000-55d0c0010000 r-xp 00000000 fe:00 1 /srv/program\n");
        let first_part = bytes.len();
        bytes.extend(
            [11_u64, 2, 0, 0, 0x55d0_c000_0010, 64, 0, 0, 8].iter().flat_map(|word| word.to_ne_bytes()),
        );
        let whole = bytes.len();
        bytes.extend([0; 8]);
        assert!(Record::read(&bytes).is_some());
        for end in [0, 4, 20, first_part, whole - 1] {
            assert!(Record::read(&bytes[..end]).is_none(), "{end}");
        }
    }
}
