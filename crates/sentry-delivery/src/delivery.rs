//! What a service may set: where envelopes go besides the DSN's server, and calls into the process.

use std::path::PathBuf;

use sentry::types::Dsn;

/// What the SDK takes for a DSN where only Spotlight is there: without one it does nothing at all.
const NOWHERE: &str = "http://spotlight@localhost/0";

/// Where envelopes go besides the DSN's server.
#[derive(Debug, Clone, Default)]
pub struct Delivery {
    /// Folder for errors that could not be delivered; it must be writable.
    pub spool: Option<PathBuf>,
    /// A [Spotlight](https://spotlightjs.com) sidecar that gets a copy of everything.
    pub spotlight: Option<reqwest::Url>,
}

impl Delivery {
    /// A DSN for a client that has none of its own; `None` if it has nowhere to send to.
    pub fn dsn(&self) -> Option<Dsn> {
        self.spotlight.as_ref().and_then(|_| NOWHERE.parse().ok())
    }
}

/// What a process does at certain moments of the transport, on the transport's own thread. Nothing by default.
#[derive(Debug, Clone, Copy)]
pub struct Hooks {
    /// The thread that sends has started, and may lower its priority.
    pub thread_started: fn(),
    /// Four times a second: caches that only event processing needs may be dropped where they were not used.
    pub tick: fn(),
    /// The queues held megabytes and are empty now: the allocator may give them back.
    pub emptied: fn(),
}

impl Default for Hooks {
    fn default() -> Self {
        const fn nothing() {}
        Self { thread_started: nothing, tick: nothing, emptied: nothing }
    }
}
