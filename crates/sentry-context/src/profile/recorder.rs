//! Where a sampler leaves its recordings: each becomes a chunk, or is discarded and counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};

use sentry_delivery::ProfileChunks;

use super::recording::Recording;

/// Recordings that wait for their symbols. Further ones are discarded.
const WAITING: usize = 1;

/// Recordings that are neither chunks nor discarded yet. Whoever settles one sends it or counts it.
#[derive(Debug, Default)]
pub(super) struct Unsettled {
    chunks: ProfileChunks,
    count: AtomicU64,
    is_cancelled: AtomicBool,
}

impl Unsettled {
    /// Set once what is left is discarded.
    pub(super) fn cancellation(&self) -> &AtomicBool {
        &self.is_cancelled
    }

    /// Sends a chunk that was settled.
    pub(super) fn send(&self, payload: Vec<u8>) {
        self.chunks.send(payload);
    }

    /// False if it was settled by somebody else.
    pub(super) fn settle(&self) -> bool {
        self.count.fetch_update(Relaxed, Relaxed, |count| count.checked_sub(1)).is_ok()
    }

    pub(super) fn discard(&self) {
        if self.settle() {
            self.chunks.discard(1);
        }
    }

    pub(super) fn discard_all(&self) {
        self.is_cancelled.store(true, Relaxed);
        match self.count.swap(0, Relaxed) {
            0 => {}
            count => self.chunks.discard(count),
        }
    }
}

/// Where a sampler leaves its recordings.
#[derive(Debug, Clone)]
pub struct Recorder {
    recordings: SyncSender<Recording>,
    unsettled: Arc<Unsettled>,
}

impl Recorder {
    /// A recorder, and where its recordings arrive.
    pub(super) fn new(chunks: ProfileChunks) -> (Self, Receiver<Recording>) {
        let (recordings, received) = mpsc::sync_channel(WAITING);
        let unsettled = Arc::new(Unsettled { chunks, ..Unsettled::default() });
        (Self { recordings, unsettled }, received)
    }

    /// What it has begun and nobody has settled.
    pub(super) fn unsettled(&self) -> Arc<Unsettled> {
        Arc::clone(&self.unsettled)
    }

    /// A recording that starts now.
    pub fn begin(&self) -> Recording {
        self.unsettled.count.fetch_add(1, Relaxed);
        Recording::new()
    }

    /// Hands a recording over; never waits.
    pub fn record(&self, recording: Recording) {
        if let Err(TrySendError::Full(_)) = self.recordings.try_send(recording) {
            self.unsettled.discard();
        }
    }

    /// Hands over the last one. It waits for the one before.
    pub fn finish(self, recording: Recording) {
        // Nobody waits for it where the process is about to end.
        let _ = self.recordings.send(recording);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_that_finds_no_room_is_discarded_and_nobody_waits() {
        let (recorder, received) = Recorder::new(ProfileChunks::default());
        (0..WAITING + 3).for_each(|_| recorder.record(recorder.begin()));
        assert_eq!(recorder.unsettled.count.load(Relaxed), WAITING as u64);
        drop(recorder);
        assert_eq!(received.into_iter().count(), WAITING);
    }
}
