//! A service that is bound to its address: how it serves, and how it ends.

use std::io;
use std::net::SocketAddr;

use broker::Publisher;
use sentry_context::process::Stop;

use crate::Server;

/// A service, bound to its address. `D` drains it: it ends what works beside the requests.
pub struct Application<D> {
    server: Server,
    drain: D,
}

impl<D: AsyncFnOnce(&Stop)> Application<D> {
    /// A service with that server. `drain` is called once no request is served any more.
    pub fn new(server: Server, drain: D) -> Self {
        Self { server, drain }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Serves beside the caller until the runtime ends; the address. Must be called in a `LocalSet` such as
    /// actix-web's. Tests and examples use it: nobody asks their services to stop.
    pub fn spawn(self) -> SocketAddr {
        let address = self.address();
        actix_web::rt::spawn(self.server.run());
        address
    }

    /// Serves until the process is asked to stop, then drains: requests first.
    pub async fn run_until(self, stop: &Stop) -> io::Result<()> {
        self.server.run_until(stop).await?;
        (self.drain)(stop).await;
        Ok(())
    }
}

/// Drains the messages: waits for the broker's confirmations while there is time, and logs how many are missing.
pub async fn publish_rest(publisher: &Publisher, stop: &Stop) {
    let lost = publisher.finish(stop.time_to_publish()).await;
    if lost > 0 {
        tracing::warn!(lost, "not all messages reached RabbitMQ in time");
    }
}
