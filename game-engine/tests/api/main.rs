//! The game engine over real HTTP, with an inbox as its Sentry.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

mod bad_input;
mod busy;
mod callers;
mod crash;
mod delivery;
mod errors;
mod feedback;
mod guards;
mod helpers;
mod isolation;
mod last_run;
mod leak;
mod methods;
mod process;
mod profiled;
mod profiles;
mod raw;
mod sampling_context;
mod secrets;
mod shutdown;
mod slow_clients;
mod spins;
mod storage;
mod stories;
mod tasks;
mod telemetry;
mod texts;
mod traces;
mod transactions;
