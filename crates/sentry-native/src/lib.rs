//! What [`sentry_context`] cannot do in safe and portable code: signals, stacks of other threads, the allocator.
//!
//! A service names [`Native`] as its platform, and the parts that need no call of their own work:
//!
//! | part | what it reports | how |
//! |---|---|---|
//! | [`stall`] | workers that are blocked, with their stacks | [`stall::Watchdog`] watches each worker |
//! | [`native_crash`] | a crash by a signal, with its stack | [`native_crash::CrashChild`] crashes in a child process |
//! | last run | the signal, the abort or the kill that ended the run before | by itself where `SENTRY_SPOOL_DIR` is set |
//!
//! They need Linux on x86-64 or AArch64. Everywhere else this library compiles and has the same interface;
//! [`stall::UNAVAILABLE`] and [`native_crash::UNAVAILABLE`] say what is missing, and the client logs it on start.
//!
//! All unsafe code of the workspace is here.

#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
mod elsewhere;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod linux;
mod platform;

#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
use elsewhere as system;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
use linux as system;

/// The README's service compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub use platform::Native;
pub use system::{native_crash, stall};
