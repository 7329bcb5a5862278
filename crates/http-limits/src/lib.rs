//! Bounds on how long a client may keep an actix-web server waiting, and on how many connections wait at once.
//!
//! actix-web bounds the first request head of a connection and its idle time. It does not bound a body that never
//! comes, a later head that stops halfway, or an answer that the client does not take. Each of them holds a connection,
//! and once the process has no file descriptor left, nobody is served any more.
//!
//! - [`Limits`] the bounds; [`Limits::on_connect`] makes a new connection known to the watch of its worker
//! - [`exchange`] the outermost middleware: follows a connection through its requests
//! - [`read_body`] the same, and reads the body before the handler runs; a handler finds a [`Refused`] in the
//!   request's extensions where there is no complete body
//! - [`Body`] a body that is read piece by piece under the same watch
//! - [`max_connections`] how many connections a worker may hold
//!
//! ```ignore
//! HttpServer::new(|| App::new().configure(routes).wrap(from_fn(http_limits::read_body)))
//!     .on_connect(limits.on_connect(max_connections(workers)))
//!     .max_connections(max_connections(workers))
//!     .keep_alive(limits.idle)
//!     .client_request_timeout(limits.actix_head())
//! ```

mod body;
mod connection;
mod exchange;
mod files;
mod watch;

use std::any::Any;
use std::time::Duration;

use actix_web::dev::Extensions;

pub use body::{Body, Refused};
pub use exchange::{exchange, read_body};
pub use files::{max_connections, workers};

/// How long a client may take. When most connections of a worker are taken, [`Limits::CROWDED`] replaces every limit
/// that is longer.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From the connection to the end of the first request head; then 408.
    pub head: Duration,
    /// From the head to the end of the body; then 408.
    pub body: Duration,
    /// Between two pieces of a body; then 408.
    pub stall: Duration,
    /// From the first byte of an answer until the client has taken it; then the connection is closed.
    pub answer: Duration,
    /// Between two requests of a connection; then the connection is closed. Longer than clients keep an idle connection
    /// (reqwest and Go: 90 s), so that none sends a request into a connection that is just being closed.
    pub idle: Duration,
    /// The longest body that [`read_body`] reads, bytes; beyond it 413.
    pub body_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            body: Duration::from_secs(10),
            stall: Duration::from_secs(10),
            answer: Duration::from_secs(30),
            idle: Duration::from_secs(100),
            body_bytes: 256 * 1024,
        }
    }
}

impl Limits {
    /// How long a client may keep a worker waiting that has few connections left.
    pub const CROWDED: Duration = Duration::from_secs(1);

    /// The limit that actix-web itself gets for the first head, for a connection that could not be put under the watch.
    ///
    /// actix-web counts from a time that it reads twice a second, and which is old once a worker has been blocked: it
    /// would refuse a new connection at once, with 408. So this is longer than any worker is blocked.
    pub fn actix_head(&self) -> Duration {
        self.head + Duration::from_secs(600)
    }

    /// For [`actix_web::HttpServer::on_connect`]: puts each connection under the watch of its worker.
    pub fn on_connect(
        self,
        max_connections: usize,
    ) -> impl Fn(&dyn Any, &mut Extensions) + Send + Sync + 'static {
        move |socket, extensions| watch::add(socket, extensions, self, max_connections)
    }
}
