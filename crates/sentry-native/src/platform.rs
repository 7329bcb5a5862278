//! The parts of this library as `sentry-context` calls them.

use std::io;
use std::sync::Arc;

use sentry::Hub;
use sentry_context::platform::{NewRun, Panic, Platform, Resolve, Run, Sampling};
use sentry_context::profile::{Lifecycle, Recorder};

use crate::system::{self, last_run, native_crash, profiler, stall};

/// The platform that this library knows: whatever of it works here.
#[derive(Debug, Clone, Copy)]
pub struct Native;

impl Platform for Native {
    fn unavailable(&self) -> Vec<&'static str> {
        let parts =
            [stall::UNAVAILABLE, native_crash::UNAVAILABLE, last_run::UNAVAILABLE, profiler::UNAVAILABLE];
        parts.into_iter().flatten().collect()
    }

    fn attribute(&self, hub: &Arc<Hub>, work: &mut dyn FnMut()) {
        stall::attribute(hub, work);
    }

    /// Without the lock that symbol look-ups hold, so that no request waits for them.
    #[cfg(unix)]
    fn walk_stack(&self, keep: &mut dyn FnMut(u64) -> bool) {
        // SAFETY: the lock guards the symbol cache and Windows' debug helper; on Unix the unwinder that walks the stack
        // takes its own locks.
        unsafe { backtrace::trace_unsynchronized(|frame| keep(frame.ip() as u64)) }
    }

    fn begin_run(&self, run: &NewRun<'_>, hub: &Arc<Hub>) -> io::Result<Option<Box<dyn Run>>> {
        last_run::begin(run, hub)
    }

    fn record_panics(&self, panics: &[Panic]) -> io::Result<()> {
        last_run::record_panics(panics)
    }

    fn profile(&self, lifecycle: Lifecycle, recorder: Recorder) -> io::Result<Option<Box<dyn Sampling>>> {
        profiler::start(lifecycle, recorder)
    }

    fn resolver(&self) -> Box<dyn Resolve> {
        system::resolver()
    }

    fn resolver_of_events(&self) -> Box<dyn Resolve> {
        system::resolver_of_events()
    }

    fn thread_id(&self) -> Option<u64> {
        system::thread_id()
    }

    fn release_memory(&self) {
        system::release_memory();
    }

    fn lower_priority(&self) {
        system::lower_priority();
    }
}
