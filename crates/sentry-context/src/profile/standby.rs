//! The sampler on standby: while the process is nearly idle, it samples rarely. Work with a span does not wait for the
//! next sample but wakes it.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::{Mutex, PoisonError};
use std::thread::Thread;

static IS_ON: AtomicBool = AtomicBool::new(false);
static SAMPLER: Mutex<Option<Thread>> = Mutex::new(None);

/// From now on, the first span that becomes active on any thread unparks the calling one.
///
/// Work that begins at the same moment may not know it yet. So the sampler looks at all threads once more before it
/// sleeps for longer.
pub fn begin() {
    *SAMPLER.lock().unwrap_or_else(PoisonError::into_inner) = Some(std::thread::current());
    IS_ON.store(true, SeqCst);
}

/// No span wakes the sampler any more.
pub fn end() {
    IS_ON.store(false, SeqCst);
}

/// False once a span has become active.
pub fn is_on() -> bool {
    IS_ON.load(SeqCst)
}

/// A span becomes active on the calling thread. One load of a word that seldom changes: each poll of a request does it.
pub(super) fn work_begins() {
    if IS_ON.load(Relaxed) {
        wake();
    }
}

#[cold]
fn wake() {
    if IS_ON.swap(false, SeqCst)
        && let Some(sampler) = &*SAMPLER.lock().unwrap_or_else(PoisonError::into_inner)
    {
        sampler.unpark();
    }
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::profile::active::Active;

    #[test]
    fn a_span_that_becomes_active_wakes_the_sampler() {
        let limit = Duration::from_secs(60);
        begin();
        let began = Instant::now();
        thread::scope(|scope| {
            scope.spawn(|| drop(Active::new(7)));
            while is_on() && began.elapsed() < limit {
                thread::park_timeout(limit);
            }
        });
        assert!(!is_on() && began.elapsed() < limit);
        begin();
        end();
        drop(Active::new(7));
        assert!(!is_on());
    }
}
