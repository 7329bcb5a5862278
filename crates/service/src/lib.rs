//! What the services share, so that each contains only what is specific to it: its state, its routes and its scenarios.
//!
//! - [`Settings`]: the environment variables that every service reads
//! - [`run`]: a whole process, from its settings to its exit status
//! - [`Application`], [`publish_rest`]: a service that is bound to its address, and its drain
//! - [`Server`], [`instrumented`]: the HTTP server from bind to drain, and the middleware around every route
//! - [`feedback`]: what a person says of an event
//! - [`health`]: the answers of `/health` and `/ready`
//! - [`HeldMemory`]: memory that a leak holds, up to a limit
//! - [`topology`]: the exchange and the queues by which they exchange messages
//! - [`panic_user`]: the scenario of the user whose session is corrupt
//!
//! A service has a function `build` that makes its [`Application`], and that its `main` and its tests call: what the
//! tests test is what runs.

mod application;
pub mod feedback;
pub mod health;
mod held_memory;
pub mod panic_user;
mod run;
mod server;
mod settings;
pub mod topology;

pub use application::{Application, publish_rest};
pub use healthcheck::port;
pub use held_memory::{Full, HeldMemory, Release};
pub use run::{StartError, run};
pub use server::{BindError, Server, instrumented};
pub use settings::{DATABASE, MEMORY_LEAK_LIMIT_MB, PLATFORM, Settings, SettingsError, variables};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
