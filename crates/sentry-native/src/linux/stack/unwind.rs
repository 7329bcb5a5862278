//! From registers and bytes to return addresses.

use framehop::{CacheNative, FrameAddress, MayAllocateDuringUnwind, Module, Unwinder, UnwinderNative};

use super::Snapshot;
use super::maps::{self, Maps};

impl Snapshot {
    /// The addresses of the stack, innermost first, `most` at most. `maps` are those of the snapshot's process.
    pub(crate) fn addresses(&self, maps: &Maps, most: usize) -> Vec<u64> {
        let unwinder = unwinder(maps);
        let mut cache = CacheNative::<MayAllocateDuringUnwind>::new();
        let mut read = |address| self.word(address).ok_or(());
        let mut frames =
            unwinder.iter_frames(self.registers.ip, self.registers.native(), &mut cache, &mut read);
        let mut addresses = Vec::new();
        while let Ok(Some(frame)) = frames.next() {
            addresses.push(match frame {
                // Symbol look-ups take addresses for return addresses, and look before them.
                FrameAddress::InstructionPointer(address) => address + 1,
                FrameAddress::ReturnAddress(address) => address.get(),
            });
            if addresses.len() == most {
                break;
            }
        }
        addresses
    }

    fn word(&self, address: u64) -> Option<u64> {
        let start = usize::try_from(address.checked_sub(self.registers.sp)?).ok()?;
        let bytes = self.bytes.get(start..start.checked_add(8)?)?;
        Some(u64::from_ne_bytes(bytes.try_into().ok()?))
    }
}

fn unwinder(maps: &Maps) -> UnwinderNative<Vec<u8>, MayAllocateDuringUnwind> {
    let mut unwinder = UnwinderNative::new();
    for module in maps.modules() {
        if let Some(sections) = maps::sections(module) {
            unwinder.add_module(Module::new(
                module.path.clone(),
                module.range.clone(),
                module.base,
                sections,
            ));
        }
    }
    unwinder
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
    fn a_thread_that_waits_in_the_system_is_seen_where_it_waits() {
        let (report, reported) = mpsc::channel();
        let (open, gate) = mpsc::channel();
        let waiting = thread::spawn(move || {
            report.send(Thread::current()).unwrap();
            waits(&gate);
        });
        let thread = reported.recv().unwrap().unwrap();
        let found = || {
            let snapshot = interrupted(&thread)?;
            let origin = Origin::of(snapshot.addresses(&Maps::own(), 100));
            let mut trace = origin.stacktrace()?;
            sentry_context::frames::clean(&mut trace, &["sentry_native"]);
            trace
                .frames
                .iter()
                .any(|it| it.function.as_deref().unwrap_or_default().ends_with("::waits"))
                .then_some(())
        };
        // It may not have come there yet.
        while found().is_none() {
            thread::yield_now();
        }
        drop(open);
        waiting.join().unwrap();
        assert!(interrupted(&thread).is_none(), "a thread that has ended");
    }
}
