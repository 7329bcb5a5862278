//! The profile of this process: sampled by the platform, made into chunks by a thread of its own.

use std::io;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use sentry::Client;
use sentry_delivery::ProfileChunks;
use uuid::Uuid;

use super::Profiling;
use super::chunk::{self, Cancelled, Origin};
use super::recorder::{Recorder, Unsettled};
use super::symbols::Symbols;
use crate::platform::{self, Platform, Sampling};

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

/// A process that is profiled, until it is stopped.
#[derive(Debug)]
pub(crate) struct Session {
    sampling: Box<dyn Sampling>,
    ended: Receiver<()>,
    unsettled: Arc<Unsettled>,
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
    let (recorder, received) = Recorder::new(chunks);
    let unsettled = recorder.unsettled();
    let Some(sampling) = platform.profile(profiling.lifecycle, recorder)? else { return Ok(None) };
    let origin = Origin::of(client, profiler);
    let (end, ended) = mpsc::channel();
    let made = Arc::clone(&unsettled);
    thread::Builder::new().name("sentry-chunks".to_owned()).spawn(move || {
        let _end = end;
        let mut symbols = Symbols::new(platform::current().resolver(), in_app);
        for recording in received {
            match chunk::payload(recording, &origin, &mut symbols, made.cancellation()) {
                Ok(Some(payload)) if made.settle() => made.send(payload),
                Ok(None) => drop(made.settle()),
                Ok(Some(_)) | Err(Cancelled) => made.discard(),
            }
        }
    })?;
    let _ = PROFILER.set(profiler);
    Ok(Some(Session { sampling, ended, unsettled }))
}

/// A number from 0 to 1, without 1, of a random id.
fn chance(id: Uuid) -> f32 {
    let [.., a, b, c] = id.into_bytes();
    let (most, number) = (1_u32 << 24, u32::from_be_bytes([0, a, b, c]));
    number as f32 / most as f32
}

impl Session {
    /// Ends the profile, and waits until its last chunk is on its way, for `limit` at most: then it is discarded and
    /// counted, and nobody waits for what its thread still does.
    pub(crate) fn stop(self, limit: Duration) {
        self.sampling.stop();
        // Nothing is ever sent: it is over when the thread has dropped the other end.
        if limit.is_zero() || self.ended.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
            self.unsettled.discard_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering::Relaxed;

    use super::*;

    #[test]
    fn a_chance_is_never_one() {
        assert_eq!(chance(Uuid::from_bytes([0; 16])), 0.0);
        assert!(chance(Uuid::from_bytes([255; 16])) < 1.0);
    }

    #[derive(Debug)]
    struct Stuck {
        _recorder: Recorder,
    }

    impl Sampling for Stuck {
        fn stop(self: Box<Self>) {
            std::mem::forget(self);
        }
    }

    #[test]
    fn an_end_without_time_waits_for_no_chunk_and_settles_each_once() {
        let (recorder, _received) = Recorder::new(ProfileChunks::default());
        let unsettled = recorder.unsettled();
        recorder.record(recorder.begin());
        drop(recorder.begin());
        let (_end, ended) = mpsc::channel();
        let session = Session {
            sampling: Box::new(Stuck { _recorder: recorder }),
            ended,
            unsettled: Arc::clone(&unsettled),
        };
        session.stop(Duration::ZERO);
        assert!(unsettled.cancellation().load(Relaxed));
        assert!(!unsettled.settle(), "its thread sends none of them any more");
    }
}
