//! A copy of everything for [Spotlight](https://spotlightjs.com), which shows events on the developer's own machine.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::envelope::EncodedEnvelope;
use crate::http::Endpoint;

/// Copies that wait. Where Spotlight is slower than the service, it misses some.
const CAPACITY: usize = 256;
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// How long nothing is tried after Spotlight was not there.
const PAUSE: Duration = Duration::from_secs(5);

/// The copies' way out.
pub(crate) struct Spotlight {
    endpoint: Endpoint,
    /// `None` once no more will come.
    sender: Mutex<Option<Sender<EncodedEnvelope>>>,
    receiver: Mutex<Option<Receiver<EncodedEnvelope>>>,
    /// Bytes of the copies that wait.
    bytes: AtomicUsize,
}

impl Spotlight {
    pub(crate) fn new(endpoint: Endpoint) -> Self {
        let (sender, receiver) = channel(CAPACITY);
        let (sender, receiver) = (Mutex::new(Some(sender)), Mutex::new(Some(receiver)));
        Self { endpoint, sender, receiver, bytes: AtomicUsize::default() }
    }

    /// Leaves a copy, and never waits.
    pub(crate) fn show(&self, encoded: &EncodedEnvelope) {
        let weight = encoded.weight();
        let fits = self.bytes.fetch_add(weight, Relaxed) + weight <= MAX_BYTES;
        let sender = lock(&self.sender);
        let is_sent = fits && sender.as_ref().is_some_and(|it| it.try_send(encoded.clone()).is_ok());
        if !is_sent {
            self.bytes.fetch_sub(weight, Relaxed);
        }
    }

    /// No more copies will come: [`Self::run`] ends when all are delivered.
    pub(crate) fn end(&self) {
        lock(&self.sender).take();
    }

    /// Delivers an envelope that has no other way to go.
    pub(crate) async fn deliver(&self, encoded: &EncodedEnvelope) {
        if let Err(error) = self.endpoint.post(encoded).await {
            tracing::debug!(%error, "Spotlight is not there");
        }
    }

    /// Delivers copies until the end.
    pub(crate) async fn run(&self) {
        let Some(mut receiver) = lock(&self.receiver).take() else { return };
        let mut absent_until = Instant::now();
        while let Some(encoded) = receiver.recv().await {
            self.bytes.fetch_sub(encoded.weight(), Relaxed);
            if Instant::now() < absent_until {
                continue;
            }
            if let Err(error) = self.endpoint.post(&encoded).await {
                tracing::debug!(%error, "Spotlight is not there");
                absent_until = Instant::now() + PAUSE;
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
