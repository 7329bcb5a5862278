//! The current thread and time, in a way that a signal handler may use.

use nix::time::{ClockId, clock_gettime};
use nix::unistd::gettid;

/// The calling thread, as the system numbers it.
pub(super) fn thread_id() -> u64 {
    u64::try_from(gettid().as_raw()).unwrap_or_default()
}

/// Milliseconds on the clock that runs since the machine does, and that nobody sets.
pub(super) fn millis() -> u64 {
    let Ok(now) = clock_gettime(ClockId::CLOCK_MONOTONIC) else { return 0 };
    (now.tv_sec() as u64).saturating_mul(1000).saturating_add(now.tv_nsec() as u64 / 1_000_000)
}
