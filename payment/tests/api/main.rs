//! The payment service over real HTTP, with an inbox as its Sentry.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

mod accounts;
mod bad_input;
mod blocked;
mod books;
mod crash;
mod database;
mod errors;
mod feedback;
mod guards;
mod helpers;
mod interrupted;
mod keys;
mod leak;
mod messages;
mod money;
mod native;
mod outage;
mod overflow;
mod payments;
mod process;
mod profiled;
mod proxy;
mod shutdown;
mod stores;
mod stories;
mod success_rate;
mod tasks;
mod telemetry;
mod unconfirmed;
