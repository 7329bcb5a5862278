//! RabbitMQ as the three services use it: publishing that no request waits for, and consuming that counts nothing twice
//! and loses nothing. The broker may be absent, slow, frozen or restarted; both go on by themselves when it is back.
//!
//! - [`Publisher`]: a queue in memory, persistent messages, publisher confirms
//! - [`consume`]: deliveries one by one, acknowledged after the work, dead letters
//! - [`topology`]: exchange, queues and bindings, declared by whoever comes first
//!
//! The trace goes along, in the message's headers and in its body: `queue.publish` spans here, `queue.process`
//! transactions there, as [Sentry's queues module](https://develop.sentry.dev/sdk/telemetry/traces/modules/queues/) wants
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
mod stream;
pub mod topology;

pub use address::{Address, BadUrl, URL};
pub use consumer::{Consuming, Delivered, Verdict, consume};
pub use link::State;
pub use publisher::Publisher;
