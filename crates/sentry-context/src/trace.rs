//! Traces that cross services: continued from the caller, and passed on.
//!
//! | module | |
//! |---|---|
//! | `http` | a trace that comes in with an HTTP request, as `sentry-trace` or as W3C `traceparent` |
//! | [`TraceHeaders`] | a trace that comes in or goes out by other ways, such as a broker |
//! | `incoming`, `baggage` | the trace of a caller and its dynamic sampling context, which stays as it came |
//! | [`dynamic_sampling`] | the `trace` header of envelopes |

mod baggage;
pub mod dynamic_sampling;
mod headers;
mod http;
mod incoming;

pub use headers::{BAGGAGE, SENTRY_TRACE, TraceHeaders};
pub(crate) use http::translate;
pub(crate) use incoming::{Incoming, take};
