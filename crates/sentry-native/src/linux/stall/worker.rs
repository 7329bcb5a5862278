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
    /// How long the thread had waited for a core when the watchdog's wait began, milliseconds.
    starved_before: AtomicU64,
    /// The hub of the request whose turn it is.
    running: Mutex<Option<Arc<Hub>>>,
}

impl Worker {
    /// Makes the calling thread a worker with a heartbeat, for as long as its runtime keeps the task. `None` if it
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
            starved_before: AtomicU64::new(0),
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

    /// Adds to the time without a heartbeat; all of it since the last one, but for what the thread waited for a core.
    pub(super) fn was_silent_for(&self, time: Duration) -> Duration {
        self.silent(time, starved(self.thread.id))
    }

    /// The same for a thread that has waited for a core that long since it began.
    fn silent(&self, time: Duration, starved: Duration) -> Duration {
        let before = self.silence.fetch_add(millis(time), Relaxed);
        if before == 0 {
            self.starved_before.store(millis(starved), Relaxed);
        }
        let starved = millis(starved).saturating_sub(self.starved_before.load(Relaxed));
        Duration::from_millis((before + millis(time)).saturating_sub(starved))
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
    millis(EPOCH.elapsed())
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// How long a thread of this process has been ready to run without a core, since it began: the second number of
/// [`schedstat`](https://docs.kernel.org/scheduler/sched-stats.html). Zero where the kernel does not count it.
fn starved(thread: i32) -> Duration {
    let counted = std::fs::read_to_string(format!("/proc/self/task/{thread}/schedstat")).unwrap_or_default();
    let nanos = counted.split_whitespace().nth(1).and_then(|field| field.parse().ok());
    Duration::from_nanos(nanos.unwrap_or(0))
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;
    use std::thread;

    use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
    use nix::unistd::Pid;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn worker() -> Worker {
        Worker {
            thread: Thread::current().expect("a stack"),
            beat: AtomicU64::new(now()),
            gap: AtomicU64::new(0),
            silence: AtomicU64::new(0),
            starved_before: AtomicU64::new(0),
            running: Mutex::default(),
        }
    }

    #[test]
    fn time_without_a_core_is_no_silence() {
        let worker = worker();
        // What was before the heartbeat does not count.
        assert_eq!(worker.silent(SECOND, 7 * SECOND), SECOND);
        assert_eq!(worker.silent(SECOND, 8 * SECOND), SECOND);
        assert_eq!(worker.silent(SECOND, 8 * SECOND), 2 * SECOND);
        // The kernel may count more than the watchdog was awake.
        assert_eq!(worker.silent(SECOND, 20 * SECOND), Duration::ZERO);
        worker.beat();
        assert_eq!(worker.silent(SECOND, 20 * SECOND), SECOND);
    }

    #[test]
    fn a_thread_that_shares_its_core_is_starved() {
        if !std::fs::exists("/proc/self/schedstat").unwrap_or(false) {
            eprintln!("skipped: the kernel does not count how long threads wait for a core");
            return;
        }
        let own = Pid::from_raw(0);
        let allowed = sched_getaffinity(own).expect("a set of cores");
        let first = (0..CpuSet::count()).find(|core| allowed.is_set(*core).unwrap_or(false)).expect("a core");
        let mut one = CpuSet::new();
        one.set(first).expect("a core of the set");
        let ended = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                sched_setaffinity(own, &one).expect("pinned");
                while !ended.load(Relaxed) {
                    std::hint::spin_loop();
                }
            });
            scope.spawn(|| {
                sched_setaffinity(own, &one).expect("pinned");
                let thread = Thread::current().expect("a stack").id;
                while starved(thread) < Duration::from_millis(20) {}
                ended.store(true, Relaxed);
            });
        });
    }

    #[test]
    fn a_thread_that_is_not_there_is_not_starved() {
        assert_eq!(starved(i32::MAX), Duration::ZERO);
    }
}
