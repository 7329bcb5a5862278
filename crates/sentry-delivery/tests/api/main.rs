//! The transport as a service meets it; its receiver is really there, slow, in trouble or gone.

#![allow(clippy::unwrap_used, reason = "clippy.toml allows it in test functions, but not in what they call")]

mod accounts;
mod answers;
mod backpressure;
mod books;
mod connections;
mod delivery;
mod helpers;
mod limits;
mod memory;
mod profile_chunks;
mod shutdown;
mod spool;
mod spool_faults;
mod spotlight;
