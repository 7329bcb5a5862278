//! A worker: its heartbeat, and the request that it runs.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use sentry::Hub;

use crate::linux::stack::Thread;

/// Between two heartbeats: ten wake-ups a second cost nothing that could be measured.
pub(super) const BEAT: Duration = Duration::from_millis(100);

static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);

thread_local! {
    static WORKER: RefCell<Weak<Worker>> = const { RefCell::new(Weak::new()) };
}

/// A thread that runs requests by turns.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) thread: Thread,
    /// Milliseconds since [`EPOCH`].
    beat: AtomicU64,
    /// The longest time between two heartbeats since somebody asked, milliseconds.
    gap: AtomicU64,
    /// How long the watchdog has waited for the next heartbeat, milliseconds.
    silence: AtomicU64,
    /// The hub of the request whose turn it is.
    running: Mutex<Option<Arc<Hub>>>,
}

impl Worker {
    /// Makes the calling thread a worker with a heartbeat, for as long as its runtime keeps the task. `None` where it
    /// is one already.
    pub(super) fn start() -> Option<Weak<Self>> {
        if WORKER.with_borrow(|worker| worker.strong_count() > 0) {
            return None;
        }
        let thread = Thread::current()?;
        let worker = Arc::new(Self {
            thread,
            beat: AtomicU64::new(now()),
            gap: AtomicU64::new(0),
            silence: AtomicU64::new(0),
            running: Mutex::default(),
        });
        let weak = Arc::downgrade(&worker);
        WORKER.set(weak.clone());
        tokio::task::spawn_local(async move {
            loop {
                worker.beat();
                tokio::time::sleep(BEAT).await;
            }
        });
        Some(weak)
    }

    fn beat(&self) {
        let now = now();
        self.silence.store(0, Relaxed);
        let before = self.beat.swap(now, Relaxed);
        self.gap.fetch_max(now.saturating_sub(before), Relaxed);
    }

    /// Adds to the time without a heartbeat; all of it since the last one.
    pub(super) fn was_silent_for(&self, time: Duration) -> Duration {
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(self.silence.fetch_add(millis, Relaxed) + millis)
    }

    /// The longest time between two heartbeats since the last call: at most a beat more than the stall itself.
    pub(super) fn take_gap(&self) -> Duration {
        Duration::from_millis(self.gap.swap(0, Relaxed))
    }

    /// The latest heartbeat, for knowing whether there was another.
    pub(super) fn latest(&self) -> u64 {
        self.beat.load(Relaxed)
    }

    pub(super) fn since_beat(&self) -> Duration {
        Duration::from_millis(now().saturating_sub(self.latest()))
    }

    pub(super) fn running(&self) -> Option<Arc<Hub>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whose turn it is from now on; whose it was.
    fn runs(&self, hub: Option<Arc<Hub>>) -> Option<Arc<Hub>> {
        std::mem::replace(&mut *self.running.lock().unwrap_or_else(PoisonError::into_inner), hub)
    }
}

fn now() -> u64 {
    u64::try_from(EPOCH.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// A turn, maybe within another's; it ends also when the work panics.
struct Turn {
    worker: Arc<Worker>,
    before: Option<Arc<Hub>>,
}

impl Turn {
    fn of(worker: Arc<Worker>, hub: &Arc<Hub>) -> Self {
        let before = worker.runs(Some(Arc::clone(hub)));
        Self { worker, before }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.worker.runs(self.before.take());
    }
}

/// Does work for that hub; a stall meanwhile is the hub's.
pub(crate) fn attribute(hub: &Arc<Hub>, work: &mut dyn FnMut()) {
    let _turn = WORKER.with_borrow(Weak::upgrade).map(|worker| Turn::of(worker, hub));
    work();
}
