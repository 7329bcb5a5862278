//! The game engine: spins, return to player, and eight ways to crash.
//!
//! - [`settings`], [`application`]: the environment, and the service from bind to drain
//! - `routes`: every route on one page
//! - `business`: what the service is for
//! - [`domain`]: the game itself, with the code that really fails
//! - [`scenarios`]: one file per scenario, each a story, a promise and a handler
//! - [`error`]: what can go wrong, and how it is reported

pub mod application;
mod business;
pub mod domain;
pub mod error;
mod routes;
pub mod scenarios;
pub mod settings;

use std::process::ExitCode;

use crate::settings::{SERVICE, Settings};

/// The whole process.
pub fn main() -> ExitCode {
    service::run(&SERVICE, Settings::from_env, application::build)
}
