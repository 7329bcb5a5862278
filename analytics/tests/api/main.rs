//! Analytics over real HTTP, with an inbox as its Sentry and a real database where one is needed.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

mod bad_input;
mod browsers;
mod business;
mod consumer;
mod counting;
mod crash;
mod database;
mod docs;
mod feedback;
mod figures;
mod guards;
mod helpers;
mod jobs;
mod memory;
mod outage;
mod process;
mod schema;
mod secrets;
mod shapes;
mod stories;
mod timeout;
mod traces;
mod validation;
