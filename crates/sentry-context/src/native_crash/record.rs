//! What the child writes: the text of its `/proc/self/maps` behind its length, then, as it dies, some words and its
//! stack. All in the machine's byte order; both are the same program.

use super::told::NativeCrash;
use crate::frames::Origin;
use crate::report::Traced;
use crate::stack::maps::Maps;
use crate::stack::{Registers, Snapshot};

/// Signal, its code, the registers `ip`, `sp`, `fp`, `lr`, and the length of the stack.
pub(super) const WORDS: usize = 7;

/// Frames that are kept of a deep stack: those where it ended, and those where it began.
const INNERMOST: usize = 200;
const OUTERMOST: usize = 50;

/// Deepest stack that is unwound.
const DEEPEST: usize = 100_000;

/// What a child left.
#[derive(Debug)]
pub(super) struct Record {
    maps: Maps,
    code: i32,
    snapshot: Snapshot,
}

/// The first part, as the child writes it.
pub(super) fn maps(text: &str) -> Vec<u8> {
    let mut bytes = (text.len() as u64).to_ne_bytes().to_vec();
    bytes.extend(text.as_bytes());
    bytes
}

impl Record {
    /// Reads both parts; `None` where the child died before it wrote them.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (length, rest) = word(bytes)?;
        let (maps, mut rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        let mut words = [0; WORDS];
        for place in &mut words {
            (*place, rest) = word(rest)?;
        }
        let [_signal, code, ip, sp, fp, lr, length] = words;
        let stack = rest.get(..usize::try_from(length).ok()?.min(rest.len()))?;
        Some(Self {
            maps: Maps::parse(str::from_utf8(maps).ok()?),
            code: code as i32,
            snapshot: Snapshot { registers: Registers { ip, sp, fp, lr }, bytes: stack.to_vec() },
        })
    }

    /// The crash, with the child's stack at the places that its functions have in this process.
    pub(super) fn crash(&self, signal: i32) -> Traced<NativeCrash> {
        let own = Maps::own();
        let addresses = self.snapshot.addresses(&self.maps, DEEPEST);
        let depth = addresses.len();
        let kept = addresses
            .iter()
            .take(INNERMOST)
            .chain(addresses.iter().skip(INNERMOST.max(depth.saturating_sub(OUTERMOST))));
        // What has no place here has no name either; its address is better than none.
        let here = kept.map(|address| own.translate(*address, &self.maps).unwrap_or(*address));
        Traced { error: NativeCrash { signal, code: self.code, depth }, origin: Origin::of(here.collect()) }
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
        bytes.extend([11_u64, 2, 0x55d0_c000_0010, 64, 0, 0, 8].iter().flat_map(|word| word.to_ne_bytes()));
        let whole = bytes.len();
        bytes.extend([0; 8]);
        assert!(Record::read(&bytes).is_some());
        for end in [0, 4, 20, first_part, whole - 1] {
            assert!(Record::read(&bytes[..end]).is_none(), "{end}");
        }
    }
}
