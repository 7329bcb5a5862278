//! Where envelopes go beside the DSN's server.

use std::path::PathBuf;

use sentry::types::Dsn;

/// What the SDK takes for a DSN where only Spotlight is there: without one it does nothing at all.
const NOWHERE: &str = "http://spotlight@localhost/0";

/// Where envelopes go beside the DSN's server.
#[derive(Debug, Clone, Default)]
pub struct Delivery {
    /// Folder for errors that could not be delivered; it must be writable.
    pub spool: Option<PathBuf>,
    /// A [Spotlight](https://spotlightjs.com) sidecar that gets a copy of everything.
    pub spotlight: Option<reqwest::Url>,
}

impl Delivery {
    /// A DSN for a client that has none of its own; `None` where it has nowhere to send to.
    pub fn dsn(&self) -> Option<Dsn> {
        self.spotlight.as_ref().and_then(|_| NOWHERE.parse().ok())
    }
}
