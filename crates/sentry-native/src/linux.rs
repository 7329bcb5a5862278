//! Linux on x86-64 and AArch64.

pub(crate) mod last_run;
pub mod native_crash;
pub(crate) mod profiler;
mod signal;
mod stack;
pub mod stall;
mod symbols;

use sentry_context::platform::{Platform as _, Portable, Resolve};

/// glibc keeps freed memory for later allocations.
pub(crate) fn release_memory() {
    #[cfg(target_env = "gnu")]
    // SAFETY: malloc_trim takes glibc's own locks and touches free chunks only.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// What names the addresses of events and profiles.
pub(crate) fn resolver() -> Box<dyn Resolve> {
    Box::new(symbols::Resolver::default())
}

/// The same for events. Debug information that is compressed, as in an image, is decompressed for them, unless another file
/// has the name of this program by now: what decompresses it opens files by their names.
pub(crate) fn resolver_of_events() -> Box<dyn Resolve> {
    if symbols::are_compressed() && !symbols::are_replaced() { Portable.resolver() } else { resolver() }
}

/// The calling thread then has about a tenth of a contended processor, and does not preempt another one when it wakes.
pub(crate) fn lower_priority() {
    // SAFETY: both read their arguments only; on Linux a process id of 0 means the calling thread.
    unsafe {
        libc::setpriority(libc::PRIO_PROCESS, 0, 10);
        libc::sched_setscheduler(0, libc::SCHED_BATCH, &libc::sched_param { sched_priority: 0 });
    }
}

/// The calling thread's number, as samples bear it.
pub(crate) fn thread_id() -> Option<u64> {
    u64::try_from(nix::unistd::gettid().as_raw()).ok()
}
