//! Finds workers that are blocked, and tells where.
//!
//! An asynchronous worker runs many requests by turns. One that computes or waits without an `await` keeps all others
//! from running, and no error tells of it. Here each worker has a heartbeat; where it is late, a watchdog takes the
//! worker's stack and sends an `EventLoopBlocked` with it, under the hub of the request that ran. A second event, an
//! `info` message, tells the whole delay once the worker runs again.
//!
//! ```no_run
//! # use std::sync::Arc;
//! # use actix_web::{App, HttpServer};
//! # use sentry_context::{sentry::Hub, stall};
//! # fn example(hub: Arc<Hub>) -> std::io::Result<()> {
//! let watchdog = stall::Watchdog::start(stall::THRESHOLD, hub);
//! HttpServer::new(move || {
//!     // actix-web makes one app on each worker's own thread.
//!     watchdog.watch_this_worker();
//!     App::new()
//! })
//! # .bind("127.0.0.1:0")?.run(); Ok(()) }
//! ```

mod told;
mod worker;

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use sentry::Hub;

use told::Stall;
pub(crate) use worker::attributed;
use worker::{BEAT, Worker};

/// A stall that callers notice, and that no well-behaved handler comes near.
pub const THRESHOLD: Duration = Duration::from_secs(1);

/// Watches workers for as long as a clone of it is there.
#[derive(Debug, Clone)]
pub struct Watchdog(Arc<Watched>);

#[derive(Debug)]
struct Watched {
    threshold: Duration,
    /// Where events go that no request is known for.
    hub: Arc<Hub>,
    workers: Mutex<Vec<Weak<Worker>>>,
}

impl Watchdog {
    /// Starts the watchdog's thread. Stalls beyond `threshold` are told, shorter ones are not.
    pub fn start(threshold: Duration, hub: Arc<Hub>) -> Self {
        let watched = Arc::new(Watched { threshold, hub, workers: Mutex::default() });
        let weak = Arc::downgrade(&watched);
        if let Err(error) =
            thread::Builder::new().name("stall-watchdog".to_owned()).spawn(move || watch(&weak))
        {
            tracing::error!(%error, "no thread for the watchdog: stalls will not be told");
        }
        Self(watched)
    }

    /// Watches the calling thread from now on, for as long as its runtime lives. To be called once on each worker, in
    /// a `LocalSet` such as actix-web's.
    pub fn watch_this_worker(&self) {
        if let Some(worker) = Worker::start() {
            self.0.workers.lock().unwrap_or_else(PoisonError::into_inner).push(worker);
        }
    }
}

/// The watchdog's thread.
fn watch(watched: &Weak<Watched>) {
    let mut stalls: Vec<Stall> = Vec::new();
    let mut looked = Instant::now();
    loop {
        thread::sleep(BEAT);
        let Some(watched) = watched.upgrade() else { return };
        let slept = looked.elapsed();
        looked = Instant::now();
        let workers = watched.living();
        if slept > watched.threshold / 2 {
            // The watchdog stood still, too: the whole process was stopped, or the machine is overloaded.
            workers.iter().for_each(|worker| worker.beat());
            continue;
        }
        stalls.retain(|stall| !stall.is_over());
        for worker in workers {
            let late = worker.since_beat();
            if late > watched.threshold && !stalls.iter().any(|stall| stall.is_of(&worker)) {
                stalls.push(Stall::found(worker, late, watched.threshold, &watched.hub));
            }
        }
    }
}

impl Watched {
    fn living(&self) -> Vec<Arc<Worker>> {
        let mut workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
        workers.retain(|worker| worker.strong_count() > 0);
        workers.iter().filter_map(Weak::upgrade).collect()
    }
}
