//! The library as a service meets it.

#![allow(clippy::unwrap_used, reason = "clippy.toml allows it in test functions, but not in what they call")]

mod failing_app;
mod fingerprint;
mod fingerprint_details;
mod fingerprint_documentation;
mod fingerprint_grammar;
mod helpers;
mod monitors;
mod one_event;
mod platform;
