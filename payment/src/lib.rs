//! Payment: balances, and how booking them breaks.
//!
//! - [`settings`], [`application`]: the environment, and the service from bind to drain
//! - `routes`: every route on one page
//! - [`provider`]: the payment provider that it asks, on loopback
//! - `business`: what the service is for
//! - [`domain`]: the code that really fails
//! - [`scenarios`]: one file per scenario, each a story, a promise and a handler
//! - [`error`]: what can go wrong, and how it is reported

pub mod application;
mod business;
pub mod domain;
pub mod error;
pub mod provider;
mod routes;
pub mod scenarios;
pub mod settings;
pub mod upkeep;

use std::process::ExitCode;

use sentry_native::native_crash;

use crate::settings::{SERVICE, Settings};

/// The whole process; or the child process that crashes in place of the service.
pub fn main() -> ExitCode {
    if native_crash::is_crash_child() {
        native_crash::crash(domain::referrals::unguarded_bonus);
    }
    service::run(&SERVICE, Settings::from_env, application::build)
}
