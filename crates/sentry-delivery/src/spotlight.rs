//! A copy of everything for [Spotlight](https://spotlightjs.com), which shows events on the developer's own machine.

use std::sync::Arc;

use tokio::sync::{Mutex, Semaphore};

use crate::envelope::EncodedEnvelope;
use crate::http::Endpoint;

/// Bytes of the copies that wait. Where Spotlight is slower than the service, it misses some.
const MAX_BYTES: u32 = 8 * 1024 * 1024;

/// Each copy counts as so many bytes at least: so 256 wait at most.
const LEAST_BYTES: u32 = MAX_BYTES / 256;

/// The copies' way out.
pub(crate) struct Spotlight {
    endpoint: Endpoint,
    /// The bytes that may still wait.
    room: Arc<Semaphore>,
    /// One copy goes at a time, and in the order in which they came.
    turn: Mutex<()>,
}

impl Spotlight {
    pub(crate) fn new(endpoint: Endpoint) -> Arc<Self> {
        let room = Arc::new(Semaphore::new(MAX_BYTES as usize));
        Arc::new(Self { endpoint, room, turn: Mutex::default() })
    }

    /// Leaves a copy, and never waits. Called on a thread of the transport.
    pub(crate) fn show(self: &Arc<Self>, encoded: &EncodedEnvelope) {
        let bytes = u32::try_from(encoded.weight()).unwrap_or(u32::MAX).max(LEAST_BYTES);
        let Ok(share) = Arc::clone(&self.room).try_acquire_many_owned(bytes) else { return };
        let (spotlight, copy) = (Arc::clone(self), encoded.clone());
        tokio::spawn(async move {
            let _turn = spotlight.turn.lock().await;
            if let Err(error) = spotlight.endpoint.post(&copy).await {
                tracing::debug!(%error, "Spotlight does not answer");
            }
            drop(share);
        });
    }

    /// Waits until no copy waits any more.
    pub(crate) async fn end(&self) {
        let _all = self.room.acquire_many(MAX_BYTES).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copy(bytes: usize) -> EncodedEnvelope {
        EncodedEnvelope { body: vec![b'x'; bytes].into(), ..EncodedEnvelope::default() }
    }

    #[tokio::test]
    async fn copies_beyond_their_number_or_their_bytes_are_missed_and_the_end_waits_for_the_others() {
        // Nothing listens there.
        let endpoint = Endpoint::spotlight(&"http://127.0.0.1:9/stream".parse().unwrap()).unwrap();
        let spotlight = Spotlight::new(endpoint);
        let waiting = || Arc::strong_count(&spotlight) - 1;
        (0..300).for_each(|_| spotlight.show(&copy(100)));
        assert_eq!(waiting(), 256);
        spotlight.end().await;
        assert_eq!(waiting(), 0);
        (0..20).for_each(|_| spotlight.show(&copy(1_000_000)));
        assert_eq!(waiting(), 8);
        spotlight.end().await;
        spotlight.show(&copy(MAX_BYTES as usize));
        assert_eq!(waiting(), 0);
    }
}
