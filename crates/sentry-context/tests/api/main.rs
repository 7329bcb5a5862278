//! The library as a service uses it, against a receiver that is really there, slow, in trouble or gone.

#![allow(clippy::unwrap_used, reason = "clippy.toml allows it in test functions, but not in what they call")]

mod backpressure;
mod delivery;
mod fingerprint;
mod fingerprint_grammar;
mod helpers;
mod limits;
mod spool;
mod spotlight;
