//! A copy of everything for [Spotlight](https://spotlightjs.com), which shows events on the developer's own machine.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::http::Endpoint;
use super::letter::Letter;

/// Copies that wait. Where Spotlight is slower than the service, it misses some.
const CAPACITY: usize = 256;

/// How long nothing is tried after Spotlight was not there.
const PAUSE: Duration = Duration::from_secs(5);

/// The copies' way out.
pub(super) struct Spotlight {
    endpoint: Endpoint,
    sender: Sender<Letter>,
    receiver: Mutex<Receiver<Letter>>,
}

impl Spotlight {
    pub(super) fn new(endpoint: Endpoint) -> Self {
        let (sender, receiver) = channel(CAPACITY);
        Self { endpoint, sender, receiver: Mutex::new(receiver) }
    }

    /// Leaves a copy, and never waits.
    pub(super) fn show(&self, letter: &Letter) {
        let _ = self.sender.try_send(letter.clone());
    }

    /// Delivers a letter that has no other way to go.
    pub(super) async fn deliver(&self, letter: &Letter) {
        if let Err(error) = self.endpoint.post(letter).await {
            tracing::debug!(%error, "Spotlight is not there");
        }
    }

    /// Delivers copies for ever.
    pub(super) async fn run(&self) {
        let mut absent_until = Instant::now();
        let mut receiver = self.receiver.lock().await;
        while let Some(letter) = receiver.recv().await {
            if Instant::now() < absent_until {
                continue;
            }
            if let Err(error) = self.endpoint.post(&letter).await {
                tracing::debug!(%error, "Spotlight is not there");
                absent_until = Instant::now() + PAUSE;
            }
        }
    }

    /// Delivers what was left when [`Self::run`] was stopped.
    pub(super) async fn finish(&self) {
        let mut receiver = self.receiver.lock().await;
        while let Ok(letter) = receiver.try_recv() {
            if self.endpoint.post(&letter).await.is_err() {
                return;
            }
        }
    }
}
