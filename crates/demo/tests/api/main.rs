//! The demo as its users meet it: the real binary, over its command line and real HTTP.

#![allow(clippy::expect_used, reason = "clippy.toml allows it in test functions, but not in what they call")]

mod broken;
mod correlation;
mod documents;
mod event_ids;
mod fake;
mod fingerprint;
mod frames;
mod full;
mod full_run;
mod grouping;
mod health;
mod helpers;
mod page;
mod profile;
mod real;
mod recovery;
mod release;
mod releases;
mod secrets;
mod signed;
// The native scenarios differ elsewhere, and so do the names of threads.
#[cfg(target_os = "linux")]
mod snapshots;
mod standing;
mod steps;
mod stripped;
mod styles;
mod table;
mod traffic;
mod usage;
mod variables;
mod walkthrough;
