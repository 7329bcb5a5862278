//! The payment service over real HTTP, with an inbox as its Sentry.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

mod bad_input;
mod blocked;
mod crash;
mod database;
mod errors;
mod guards;
mod helpers;
mod leak;
mod native;
mod outage;
mod overflow;
mod payments;
mod process;
mod tasks;
mod telemetry;
