//! The end of a client.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sentry::{Envelope, Hub};

use super::SHUTDOWN_TIMEOUT;
use crate::metrics;
use crate::platform::Run;
use crate::profile::Session;

/// Owns the client; delivers what is queued when finished or dropped.
#[derive(Debug)]
pub struct Guard(Closer);

/// Ends the client and the recorded run, once: the first caller does it.
#[derive(Debug, Clone)]
pub(crate) struct Closer {
    hub: Arc<Hub>,
    /// `None` once the run has ended in order.
    run: Arc<Mutex<Option<Box<dyn Run>>>>,
    /// Until it is stopped.
    profile: Arc<Mutex<Option<Session>>>,
}

impl Guard {
    /// Owns the client of that hub, and the run that is recorded and profiled, if it is.
    pub(super) fn new(hub: Arc<Hub>, run: Option<Box<dyn Run>>, profile: Option<Session>) -> Self {
        Self(Closer { hub, run: Arc::new(Mutex::new(run)), profile: Arc::new(Mutex::new(profile)) })
    }

    /// The hub to serve under.
    pub fn hub(&self) -> Arc<Hub> {
        Arc::clone(&self.0.hub)
    }

    /// Delivers what is queued within [`SHUTDOWN_TIMEOUT`]. Returns false if something was left.
    pub fn finish(self) -> bool {
        self.finish_within(SHUTDOWN_TIMEOUT)
    }

    /// The same within `timeout`.
    pub fn finish_within(self, timeout: Duration) -> bool {
        self.0.close(timeout)
    }

    pub(crate) fn closer(&self) -> Closer {
        self.0.clone()
    }
}

impl Closer {
    pub(crate) fn close(&self, timeout: Duration) -> bool {
        if let Some(run) = self.run.lock().unwrap_or_else(PoisonError::into_inner).take() {
            run.end();
        }
        let start = Instant::now();
        if let Some(profile) = self.profile.lock().unwrap_or_else(PoisonError::into_inner).take() {
            profile.stop(for_last_chunk(timeout));
        }
        Hub::run(Arc::clone(&self.hub), metrics::report_rest);
        self.hub.client().is_none_or(|client| {
            // What the SDK has discarded goes with the next envelope; this one brings the last of it.
            client.send_envelope(Envelope::new());
            client.close(Some(timeout.saturating_sub(start.elapsed())))
        })
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.close(SHUTDOWN_TIMEOUT);
    }
}

/// How much of the time of the end the last chunk of a profile may take. Where time is short already, none of it is for a
/// profile.
fn for_last_chunk(timeout: Duration) -> Duration {
    if timeout < SHUTDOWN_TIMEOUT { Duration::ZERO } else { timeout / 5 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_chunk_has_a_fifth_of_the_time_and_none_where_it_is_short() {
        assert_eq!(for_last_chunk(SHUTDOWN_TIMEOUT), SHUTDOWN_TIMEOUT / 5);
        assert_eq!(for_last_chunk(Duration::from_secs(60)), Duration::from_secs(12));
        let short = SHUTDOWN_TIMEOUT - Duration::from_millis(1);
        assert_eq!((for_last_chunk(short), for_last_chunk(Duration::ZERO)), (Duration::ZERO, Duration::ZERO));
    }
}
