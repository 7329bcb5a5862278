//! From registers and bytes to return addresses.

use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::{Mutex, PoisonError};

use framehop::{CacheNative, FrameAddress, MayAllocateDuringUnwind, Module, Unwinder as _, UnwinderNative};

use super::Stack;
use super::maps::{self, Bytes, Maps};

/// The unwind tables of a process's modules, and what was looked up in them: 67 frames take a microsecond.
pub(crate) struct Unwinder {
    tables: UnwinderNative<Bytes, MayAllocateDuringUnwind>,
    cache: CacheNative<MayAllocateDuringUnwind>,
}

impl Unwinder {
    /// For stacks of the process that these are the maps of.
    pub(crate) fn new(maps: &Maps) -> Self {
        let mut tables = UnwinderNative::new();
        for module in maps.modules() {
            if let Some(sections) = maps::sections(module) {
                let (path, range) = (module.path.clone(), module.range.clone());
                tables.add_module(Module::new(path, range, module.base, sections));
            }
        }
        Self { tables, cache: CacheNative::new() }
    }

    /// Uses the one for stacks of this process. Its tables are read again once modules were loaded or unloaded.
    pub(crate) fn with_own<T>(work: impl FnOnce(&mut Self) -> T) -> T {
        static OWN: Mutex<Option<(u64, Unwinder)>> = Mutex::new(None);
        let mut own = OWN.lock().unwrap_or_else(PoisonError::into_inner);
        let changes = changes_of_modules();
        let current = own.take().filter(|(at, _)| *at == changes);
        let current = current.unwrap_or_else(|| (changes, Self::new(&Maps::own())));
        work(&mut own.insert(current).1)
    }

    /// Passes the addresses of the stack to `keep`, innermost first, `most` at most.
    pub(crate) fn walk(&mut self, stack: Stack<'_>, most: usize, mut keep: impl FnMut(u64)) {
        let mut read = |address| stack.word(address).ok_or(());
        let registers = stack.registers;
        let mut frames =
            self.tables.iter_frames(registers.ip, registers.native(), &mut self.cache, &mut read);
        for _ in 0..most {
            let Ok(Some(frame)) = frames.next() else { return };
            keep(match frame {
                // Symbol look-ups take addresses for return addresses, and look before them.
                FrameAddress::InstructionPointer(address) => address + 1,
                FrameAddress::ReturnAddress(address) => address.get(),
            });
        }
    }

    /// The same as a list.
    pub(crate) fn addresses(&mut self, stack: Stack<'_>, most: usize) -> Vec<u64> {
        let mut addresses = Vec::new();
        self.walk(stack, most, |address| addresses.push(address));
        addresses
    }
}

impl Stack<'_> {
    fn word(&self, address: u64) -> Option<u64> {
        let start = usize::try_from(address.checked_sub(self.registers.sp)?).ok()?;
        let bytes = self.bytes.get(start..start.checked_add(8)?)?;
        Some(u64::from_ne_bytes(bytes.try_into().ok()?))
    }
}

/// How often this process has loaded and unloaded modules.
fn changes_of_modules() -> u64 {
    extern "C" fn read(info: *mut libc::dl_phdr_info, _size: usize, changes: *mut c_void) -> c_int {
        // SAFETY: the loader passes a valid description, and the number that was handed to it below.
        unsafe { *changes.cast::<u64>() = (*info).dlpi_adds.wrapping_add((*info).dlpi_subs) };
        // One is enough: they all say the same.
        1
    }
    let mut changes = 0_u64;
    // SAFETY: the function is of the type that is asked for, and the number is there until the call returns.
    unsafe { libc::dl_iterate_phdr(Some(read), ptr::from_mut(&mut changes).cast()) };
    changes
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::super::{Thread, interrupted};
    use super::*;
    use sentry_context::frames::Origin;

    #[inline(never)]
    fn waits(gate: &mpsc::Receiver<()>) {
        let _ = gate.recv();
        std::hint::black_box(());
    }

    #[test]
    fn no_more_frames_are_walked_than_are_asked_for() {
        #[inline(never)]
        fn deep(levels: u32, gate: &mpsc::Receiver<()>) {
            if levels == 0 {
                let _ = gate.recv();
            } else {
                deep(levels - 1, gate);
            }
            std::hint::black_box(levels);
        }
        let (report, reported) = mpsc::channel();
        let (open, gate) = mpsc::channel();
        let waiting = thread::spawn(move || {
            report.send(Thread::current()).unwrap();
            deep(300, &gate);
        });
        let thread = reported.recv().unwrap().unwrap();
        let walked = |most| {
            let walk = |stack: Stack<'_>| Unwinder::with_own(|own| own.addresses(stack, most).len());
            interrupted(&thread, walk)
        };
        // It may not have come there yet.
        while walked(usize::MAX).is_none_or(|all| all <= 300) {
            thread::yield_now();
        }
        assert_eq!(walked(256), Some(256));
        drop(open);
        waiting.join().unwrap();
    }

    #[test]
    fn a_thread_that_waits_in_the_system_is_seen_where_it_waits() {
        let (report, reported) = mpsc::channel();
        let (open, gate) = mpsc::channel();
        let waiting = thread::spawn(move || {
            report.send(Thread::current()).unwrap();
            waits(&gate);
        });
        let thread = reported.recv().unwrap().unwrap();
        let found = || {
            let addresses =
                interrupted(&thread, |stack| Unwinder::with_own(|own| own.addresses(stack, 100)))?;
            let mut trace = Origin::of(addresses).stacktrace()?;
            sentry_context::frames::clean(&mut trace, &["sentry_native"]);
            let mut functions = trace.frames.iter().filter_map(|it| it.function.as_deref());
            functions.any(|it| it.ends_with("::waits")).then_some(())
        };
        // It may not have come there yet.
        while found().is_none() {
            thread::yield_now();
        }
        drop(open);
        waiting.join().unwrap();
        assert!(interrupted(&thread, |_| ()).is_none(), "a thread that has ended");
    }
}
