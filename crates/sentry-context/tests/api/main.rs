//! The library as a service meets it.

#![allow(clippy::unwrap_used, reason = "clippy.toml allows it in test functions, but not in what they call")]

mod fingerprint;
mod fingerprint_grammar;
