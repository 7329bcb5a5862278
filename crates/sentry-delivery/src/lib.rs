//! Delivery of envelopes to Sentry: bounded queues, parallel connections, and no loss without a count.
//!
//! # The path of an envelope
//!
//! `transport` takes it from the SDK on the thread that reports, which never waits: the envelope takes a share of the
//! `room`, whose bounds are those of its category, and goes into the intake. An `encoder` makes bytes of it and puts them
//! into the outbox. The `sender` posts the most important ones first, if the server's `limits` and the `circuit_breaker`
//! allow. An envelope ends at the server, in the `spool`, or as a number in the `client_reports`: made = delivered +
//! discarded + waiting.
//!
//! | module | what it is for |
//! |---|---|
//! | `pipeline` | `room`, the `queues`, and what holds them up |
//! | `category`, `weight` | what an envelope is about, and how much memory it takes |
//! | `encoder`, `envelope`, `headers`, `gzip`, `items` | from the SDK's envelopes to bytes, and what can be read from bytes |
//! | `sender`, `http`, `shrink`, `shutdown` | the thread that sends, until its end |
//! | `limits`, `circuit_breaker`, `backpressure` | what holds envelopes up |
//! | `client_reports` | the number of discarded items, for Sentry |
//! | `profile_chunks` | the way in of profiles, of which the SDK knows nothing |
//! | `spool`, `spotlight` | where else envelopes may go |

#![forbid(unsafe_code)]

mod backpressure;
mod category;
mod circuit_breaker;
mod client_reports;
mod delivery;
mod encoder;
mod envelope;
mod gzip;
mod headers;
mod http;
mod items;
mod limits;
mod pipeline;
mod profile_chunks;
mod queues;
mod room;
mod sender;
mod shrink;
mod shutdown;
mod spool;
mod spotlight;
mod transport;
mod weight;

pub use delivery::{Delivery, Hooks};
pub use encoder::{Encode, Plain};
pub use headers::stamped;
pub use profile_chunks::ProfileChunks;
pub use sentry_spool::check as check_spool;
pub use transport::HttpTransportFactory;

/// The README's code compiles. Images are built without it.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// The target of this crate's log lines: a line about Sentry's transport must not be sent by it.
pub const LOG_TARGET: &str = env!("CARGO_CRATE_NAME");
