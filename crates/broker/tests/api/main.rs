//! Publishing and consuming, by a broker that is really there, killed, frozen or absent.

#![allow(clippy::unwrap_used, reason = "clippy.toml allows it in test functions, but not in what they call")]

mod cuts;
mod encrypted;
mod foreign;
mod helpers;
mod outage;
mod raw;
mod refusals;
mod traces;
mod verdicts;
