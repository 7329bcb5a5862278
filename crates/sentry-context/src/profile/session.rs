//! The profile of this process: sampled by the platform, made into chunks by a thread of its own.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TrySendError};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use sentry::Client;
use sentry_delivery::ProfileChunks;
use uuid::Uuid;

use super::chunk::{self, Cancelled, Origin};
use super::symbols::Symbols;
use super::{Profiling, Recording};
use crate::frames;
use crate::platform::{Platform, Sampling};

/// Recordings that wait for their symbols. Further ones are discarded.
const WAITING: usize = 1;

/// What a process without a profiler has no id for.
static PROFILER: OnceLock<Uuid> = OnceLock::new();

/// The id of the profile of this process, if it is profiled.
pub fn profiler_id() -> Option<Uuid> {
    PROFILER.get().copied()
}

/// Is this process profiled?
pub(crate) fn is_on() -> bool {
    PROFILER.get().is_some()
}

/// Where a sampler leaves its recordings.
#[derive(Debug, Clone)]
pub struct Recorder {
    recordings: SyncSender<Recording>,
    discarded: Arc<AtomicU64>,
}

impl Recorder {
    /// Hands a recording over; never waits.
    pub fn record(&self, recording: Recording) {
        if let Err(TrySendError::Full(_)) = self.recordings.try_send(recording) {
            self.discarded.fetch_add(1, Relaxed);
        }
    }

    /// Hands over the last one. It waits for the one before.
    pub fn finish(self, recording: Recording) {
        // Nobody waits for it where the process is about to end.
        let _ = self.recordings.send(recording);
    }
}

/// A process that is profiled, until it is stopped.
#[derive(Debug)]
pub(crate) struct Session {
    sampling: Box<dyn Sampling>,
    ended: Receiver<()>,
    cancelled: Arc<AtomicBool>,
}

/// Profiles this process, if it is one of those that are; `None` if not, and where the platform has no profiler.
pub(crate) fn start(
    profiling: Profiling,
    platform: &dyn Platform,
    client: &Client,
    in_app: &'static [&'static str],
    chunks: ProfileChunks,
) -> io::Result<Option<Session>> {
    let profiler = Uuid::new_v4();
    if is_on() || !client.is_enabled() || !profiling.includes(chance(Uuid::new_v4())) {
        return Ok(None);
    }
    let (recordings, received) = mpsc::sync_channel(WAITING);
    let recorder = Recorder { recordings, discarded: Arc::default() };
    let discarded = Arc::clone(&recorder.discarded);
    let Some(sampling) = platform.profile(profiling.lifecycle, recorder)? else { return Ok(None) };
    let origin = Origin::of(client, profiler, in_app);
    let (end, ended) = mpsc::channel();
    let cancelled = Arc::new(AtomicBool::new(false));
    let is_cancelled = Arc::clone(&cancelled);
    thread::Builder::new().name("sentry-chunks".to_owned()).spawn(move || {
        let _end = end;
        crate::platform::current().lower_priority();
        let mut symbols = Symbols::new(frames::at);
        for recording in received {
            match chunk::payload(&recording, &origin, &mut symbols, &is_cancelled) {
                Ok(Some(payload)) => chunks.send(payload),
                Ok(None) => {}
                Err(Cancelled) => chunks.discard(1),
            }
            let lost = discarded.swap(0, Relaxed);
            if lost > 0 {
                chunks.discard(lost);
            }
        }
    })?;
    let _ = PROFILER.set(profiler);
    Ok(Some(Session { sampling, ended, cancelled }))
}

/// A number from 0 to 1, without 1, of a random id.
fn chance(id: Uuid) -> f32 {
    let [.., a, b, c] = id.into_bytes();
    let (most, number) = (1_u32 << 24, u32::from_be_bytes([0, a, b, c]));
    number as f32 / most as f32
}

impl Session {
    /// Ends the profile, and waits until its last chunk is on its way, for `limit` at most: then it is discarded, since
    /// symbols take long, and errors need them, too.
    pub(crate) fn stop(self, limit: Duration) {
        self.sampling.stop();
        // Nothing is ever sent: it is over when the thread has dropped the other end.
        if self.ended.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
            self.cancelled.store(true, Relaxed);
            let _ = self.ended.recv_timeout(limit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chance_is_never_one() {
        assert_eq!(chance(Uuid::from_bytes([0; 16])), 0.0);
        assert!(chance(Uuid::from_bytes([255; 16])) < 1.0);
    }

    #[test]
    fn a_recording_that_finds_no_room_is_counted_and_nobody_waits() {
        let (recordings, received) = mpsc::sync_channel(WAITING);
        let recorder = Recorder { recordings, discarded: Arc::default() };
        (0..WAITING + 3).for_each(|_| recorder.record(Recording::new()));
        assert_eq!(recorder.discarded.load(Relaxed), 3);
        drop(recorder);
        assert_eq!(received.into_iter().count(), WAITING);
    }
}
