//! A worker: its heartbeat, and the request that it runs.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use sentry::Hub;

use crate::stack::Thread;

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
    /// The hub of the request whose turn it is.
    running: Mutex<Option<Arc<Hub>>>,
}

impl Worker {
    /// Makes the calling thread a worker with a heartbeat; it is one for as long as its runtime keeps the task.
    pub(super) fn start() -> Option<Weak<Self>> {
        let thread = Thread::current()?;
        let worker = Arc::new(Self {
            thread,
            beat: AtomicU64::new(now()),
            gap: AtomicU64::new(0),
            running: Mutex::default(),
        });
        let weak = Arc::downgrade(&worker);
        WORKER.set(weak.clone());
        actix_web::rt::spawn(async move {
            loop {
                worker.beat();
                tokio::time::sleep(BEAT).await;
            }
        });
        Some(weak)
    }

    pub(super) fn beat(&self) {
        let now = now();
        let before = self.beat.swap(now, Relaxed);
        self.gap.fetch_max(now.saturating_sub(before), Relaxed);
    }

    /// The longest time between two heartbeats since the last call: at most a beat more than the stall itself.
    pub(super) fn take_gap(&self) -> Duration {
        Duration::from_millis(self.gap.swap(0, Relaxed))
    }

    /// The latest heartbeat, for telling whether there was another.
    pub(super) fn latest(&self) -> u64 {
        self.beat.load(Relaxed)
    }

    pub(super) fn since_beat(&self) -> Duration {
        Duration::from_millis(now().saturating_sub(self.latest()))
    }

    pub(super) fn running(&self) -> Option<Arc<Hub>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn runs(&self, hub: Option<Arc<Hub>>) {
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = hub;
    }
}

fn now() -> u64 {
    u64::try_from(EPOCH.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// A turn; it ends also when the request panics.
struct Turn<'a>(&'a Worker);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.runs(None);
    }
}

/// Runs a request so that a stall in it can be told under its hub.
pub(crate) async fn attributed<F: Future>(request: F) -> F::Output {
    let Some(worker) = WORKER.with_borrow(Weak::upgrade) else { return request.await };
    let hub = Hub::current();
    let mut request = pin!(request);
    poll_fn(|context| {
        worker.runs(Some(Arc::clone(&hub)));
        let _turn = Turn(&worker);
        request.as_mut().poll(context)
    })
    .await
}
