//! This program as it is loaded.

use std::ffi::{c_int, c_void};
use std::ops::Range;
use std::ptr;

/// The segments of the program, and how far they are from where its file says.
struct Loaded {
    bias: u64,
    segments: Vec<Range<u64>>,
}

/// The memory of the program at the addresses that its file says, which is there until the process ends. `None` where
/// that is not loaded to be read alone.
pub(super) fn memory(addresses: Range<u64>) -> Option<&'static [u8]> {
    let Loaded { bias, segments } = loaded();
    let contains = |it: &Range<u64>| it.start <= addresses.start && addresses.end <= it.end;
    if addresses.is_empty() || !segments.iter().any(contains) {
        return None;
    }
    let length = usize::try_from(addresses.end - addresses.start).ok()?;
    let start = bias.wrapping_add(addresses.start) as *const u8;
    // SAFETY: these bytes are part of a segment of the program, which is readable, not writable, and never unloaded.
    Some(unsafe { std::slice::from_raw_parts(start, length) })
}

fn loaded() -> Loaded {
    extern "C" fn read(info: *mut libc::dl_phdr_info, _size: usize, loaded: *mut c_void) -> c_int {
        // SAFETY: the loader passes a valid description, and the place that was handed to it below.
        let (info, loaded) = unsafe { (&*info, &mut *loaded.cast::<Loaded>()) };
        if !info.dlpi_phdr.is_null() {
            // SAFETY: the loader says how many there are.
            let headers = unsafe { std::slice::from_raw_parts(info.dlpi_phdr, info.dlpi_phnum.into()) };
            let is_read_only = |flags| flags & (libc::PF_R | libc::PF_W) == libc::PF_R;
            let segments = headers.iter().filter(|it| it.p_type == libc::PT_LOAD && is_read_only(it.p_flags));
            loaded.bias = info.dlpi_addr;
            loaded.segments = segments.map(|it| it.p_vaddr..it.p_vaddr.saturating_add(it.p_filesz)).collect();
        }
        // The first one is the program.
        1
    }
    let mut loaded = Loaded { bias: 0, segments: Vec::new() };
    // SAFETY: the function is of the type that is asked for, and the place is there until the call returns.
    unsafe { libc::dl_iterate_phdr(Some(read), ptr::from_mut(&mut loaded).cast()) };
    loaded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_is_not_loaded_is_not_read() {
        let Loaded { segments, .. } = loaded();
        let first = segments[0].clone();
        assert_eq!(memory(first.start..first.start + 4), Some(&b"\x7fELF"[..]));
        for not_loaded in [0..0, first.start..u64::MAX, u64::MAX - 1..u64::MAX] {
            assert_eq!(memory(not_loaded.clone()), None, "{not_loaded:?}");
        }
    }
}
