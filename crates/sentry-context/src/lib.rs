//! What a Rust service needs to report well to [Sentry](https://sentry.io).
//!
//! The library knows no service and no scenario. One module per concern:
//!
//! | module | what it is for |
//! |---|---|
//! | [`client`] | configuration, `init` before the runtime, a guard that delivers at shutdown |
//! | [`sentry_delivery`] | a crate of its own: bounded queues, parallel connections, rate limits |
//! | [`mod@instrument`] | the one middleware around an actix-web service |
//! | [`request`], [`user`], [`redaction`] | what a request was, who was affected, what never leaves |
//! | [`trace`] | traces that come in, go on and go out, with their dynamic sampling context |
//! | [`runtime_stats`] | memory, CPU, threads: sampled in the background, free to read |
//! | [`step`], [`breadcrumbs`], [`contexts`] | what led to an event, and its facts |
//! | [`flags`], [`feedback`] | the feature flags that were evaluated; what a person says of an event |
//! | [`report`] | errors with the backtrace of their origin, one event each |
//! | [`failure`] | the same as answers of actix-web handlers |
//! | [`panic_recovery`] | panic → 500 and exactly one event |
//! | [`limit`](mod@limit) | of reports that repeat themselves, one a minute |
//! | [`logs`], [`metrics`] | log lines with their trace, also to Sentry; counts and durations |
//! | [`monitor`] | check-ins of jobs that run by a schedule |
//! | [`facts`](mod@facts) | named JSON values |
//! | [`open_spans`] | what an event says of the span in which it occurs |
//! | [`spawn`] | tasks, blocking work and threads that carry the hub |
//! | [`platform`] | what a native library adds: stalls, native crashes, earlier runs |
//! | [`profile`] | continuous profiles, which a native library samples |
//! | [`fingerprint`] | grouping rules in Sentry's own grammar |
//! | [`size`] | how much of a text, a list or an event is sent |
//! | [`env`](mod@env) | environment variables as typed settings |
//!
//! The path of an event: an error or panic captures *addresses* only (microseconds) on the request path;
//! [`event_processor`] resolves symbols, cleans frames, redacts and fingerprints on the transport's thread.

mod arrival;
pub mod breadcrumbs;
pub mod client;
pub mod contexts;
mod current_span;
pub mod env;
pub mod event_processor;
pub mod facts;
pub mod failure;
pub mod feedback;
pub mod fingerprint;
pub mod flags;
mod forwarded;
pub mod frames;
pub mod instrument;
mod integration;
pub mod limit;
pub mod logs;
pub mod metrics;
pub mod monitor;
pub mod open_spans;
mod outcome;
pub mod panic_recovery;
pub mod platform;
mod printable;
pub mod process;
pub mod profile;
pub mod redaction;
pub mod report;
mod reported;
pub mod request;
pub mod runtime_stats;
pub mod size;
pub mod spawn;
pub mod step;
pub mod trace;
pub mod user;

/// The README's service compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub use facts::{Facts, facts};
pub use sentry;
pub use sentry_delivery;
