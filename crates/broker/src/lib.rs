//! RabbitMQ with Sentry's traces: publishing that no request waits for, and consuming that acknowledges a message after
//! its work. The broker may be absent, slow, frozen or restarted; both continue by themselves when it is back.
//!
//! - [`Publisher`]: a queue in memory, persistent messages, publisher confirms
//! - [`consume`]: deliveries one by one, acknowledged after the work, dead letters
//! - [`Topology`]: exchange, queues and bindings, which every connection declares
//!
//! A message carries its trace in its headers and in its body. Publishing is a `queue.publish` span, consuming a
//! `queue.process` transaction, as [Sentry's queues module](https://develop.sentry.dev/sdk/telemetry/traces/modules/queues/) describes
//! them.

mod address;
mod consumer;
mod dead_letters;
mod link;
mod message;
mod outbox;
mod publisher;
mod readable;
mod refused;
mod socket;
mod stream;
mod topology;

pub use address::{Address, BadUrl, URL};
pub use consumer::{Consuming, Delivered, Verdict, consume};
pub use link::State;
pub use publisher::Publisher;
pub use topology::{Queue, Topology};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
