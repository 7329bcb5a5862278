//! What the child writes: the text of its `/proc/self/maps` behind its length, then, as it dies, some words and its
//! stack. All in the machine's byte order; both are the same program.

use super::event::{Fault, NativeCrash};
use crate::frames::Origin;
use crate::report::Traced;
use crate::stack::maps::Maps;
use crate::stack::{Registers, Snapshot};

/// Signal, its code, the address that it is about, the lowest one of the stack, the registers `ip`, `sp`, `fp`, `lr`,
/// and the length of what is in use of the stack.
pub(super) const WORDS: usize = 9;

/// Bytes of both parts: a stack of half a MiB, and what even a large program has mapped.
pub(super) const LONGEST: u64 = 8 * 1024 * 1024;

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
    fault: Fault,
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
        let [_signal, code, fault, stack_start, ip, sp, fp, lr, length] = words;
        let stack = rest.get(..usize::try_from(length).ok()?.min(rest.len()))?;
        Some(Self {
            maps: Maps::parse(str::from_utf8(maps).ok()?),
            code: code as i32,
            fault: Fault::at(fault, stack_start),
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
        let error = NativeCrash { signal, code: self.code, fault: self.fault, depth };
        Traced { error, origin: Origin::of(here.collect()) }
    }
}

fn word(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (word, rest) = bytes.split_first_chunk()?;
    Some((u64::from_ne_bytes(*word), rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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
            let reported = [maps(&text), rest.clone()].concat();
            let lied = [&length.to_ne_bytes()[..], text.as_bytes(), &rest].concat();
            for bytes in [&reported, &lied, &rest] {
                if let Some(record) = Record::read(bytes) {
                    prop_assert!(record.snapshot.bytes.len() <= bytes.len());
                    let crash = record.crash(11);
                    prop_assert!(crash.origin.addresses().len() <= INNERMOST + OUTERMOST);
                    prop_assert!(crash.error.to_string().len() < 200);
                }
            }
        }
    }

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
