//! Sleeping until another thread, or its signal handler, changes a number.

use std::sync::atomic::AtomicU32;
use std::time::Duration;

/// Sleeps until somebody wakes it, for `limit` at most, and not at all where the number is another one by now.
pub(super) fn wait(number: &AtomicU32, expected: u32, limit: Duration) {
    let limit = libc::timespec {
        tv_sec: libc::time_t::try_from(limit.as_secs()).unwrap_or(libc::time_t::MAX),
        tv_nsec: limit.subsec_nanos().into(),
    };
    let operation = libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG;
    // SAFETY: the number is borrowed and the time is there until the call returns; the system writes neither.
    unsafe { libc::syscall(libc::SYS_futex, number.as_ptr(), operation, expected, &raw const limit) };
}

/// Wakes who sleeps on that number. A signal handler may call it.
pub(super) fn wake(number: &AtomicU32) {
    let operation = libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG;
    // SAFETY: the system does not touch the number.
    unsafe { libc::syscall(libc::SYS_futex, number.as_ptr(), operation, i32::MAX) };
}
