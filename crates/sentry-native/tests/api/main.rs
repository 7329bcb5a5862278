//! The native parts as a service meets them: processes that really crash, and what the next one
//! reports; processes that are profiled.
#![cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
#![allow(clippy::unwrap_used, reason = "clippy.toml allows it in test functions, but not in what they call")]

mod last_run;
mod profiled;
mod profiler;
mod replaced;
mod restricted;
mod standby;
