//! Where the stack of a thread is, if the thread did not say so itself.

use std::ops::Range;

/// How far down the main thread's stack may grow; nothing else is so near to it.
const MAIN_STACK: u64 = 64 * 1024 * 1024;

/// The stack that holds `sp`, in the text of `/proc/self/maps`. `owner` is what `pthread_self` returns on the thread.
///
/// The C library puts that at the upper end of the memory that it takes for a thread's stack, which has a guard below it:
/// so what lies between is the thread's own while it lives, whatever is mapped next to it. `None` if the thread runs
/// elsewhere, as coroutines do: nobody knows where such a stack ends.
pub(super) fn stack(maps: &str, sp: u64, owner: u64) -> Option<Range<u64>> {
    let (region, name) = maps.lines().filter_map(region).find(|(region, _)| region.contains(&sp))?;
    if name == "[stack]" {
        // It grows downwards.
        return Some(region.end.saturating_sub(MAIN_STACK)..region.end);
    }
    (sp < owner && region.contains(&owner)).then_some(region.start..owner)
}

/// `start-end permissions offset device inode name`.
fn region(line: &str) -> Option<(Range<u64>, &str)> {
    let (range, rest) = line.split_once(' ')?;
    let (start, end) = range.split_once('-')?;
    let hex = |text| u64::from_str_radix(text, 16).ok();
    let readable = rest.starts_with('r');
    let name = rest.rsplit(' ').next().unwrap_or_default();
    readable.then_some((hex(start)?..hex(end)?, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAPS: &str = "\
7f0000000000-7f0000001000 ---p 00000000 00:00 0
7f0000001000-7f0000801000 rw-p 00000000 00:00 0
7f0000801000-7f0000900000 rw-p 00000000 00:00 0
7ffc00000000-7ffc00021000 rw-p 00000000 00:00 0                          [stack]
";

    #[test]
    fn a_threads_stack_ends_where_the_thread_itself_is_kept() {
        let (sp, owner) = (0x7f00_0080_0000, 0x7f00_0080_0f00);
        assert_eq!(stack(MAPS, sp, owner), Some(0x7f00_0000_1000..owner));
    }

    #[test]
    fn the_main_threads_stack_may_have_grown_since() {
        let end = 0x7ffc_0002_1000;
        assert_eq!(stack(MAPS, end - 64, 0x7f00_0085_0000), Some(end - MAIN_STACK..end));
    }

    #[test]
    fn a_stack_that_is_not_the_threads_own_has_no_known_end() {
        let coroutine = 0x7f00_0080_2000;
        assert_eq!(stack(MAPS, coroutine, 0x7f00_0080_0f00), None);
        for unmapped in [0, 0x7f00_0000_0800, u64::MAX] {
            assert_eq!(stack(MAPS, unmapped, 0x7f00_0080_0f00), None, "{unmapped:x}");
        }
        assert_eq!(stack("", 1, 2), None);
    }

    proptest::proptest! {
        #[test]
        fn fuzz_any_text_has_a_stack_or_none(text in r"([0-9a-f]{0,17}|-|[ \n]|rw-p|\[stack\]|é){0,40}", sp: u64, owner: u64) {
            if let Some(found) = stack(&text, sp, owner) {
                proptest::prop_assert!(found.contains(&sp));
            }
        }
    }
}
