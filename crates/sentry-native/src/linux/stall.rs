//! Finds blocked workers, and reports where they are blocked.
//!
//! An asynchronous worker runs many requests by turns. One that computes or waits without an `await` keeps all others
//! from running, and no error reports it. Here each worker has a heartbeat; where it is late, a watchdog takes the
//! worker's stack and sends an `EventLoopBlocked` with it, under the hub of the request that ran. A second event, an
//! `info` message, says the whole delay once the worker runs again.
//!
//! Only the time during which the watchdog itself was awake and the worker had a core, or waited for something else than
//! a core, makes a stall: a process that was suspended has none, nor has one on an overloaded machine.
//!
//! ```no_run
//! # use std::sync::Arc;
//! # use actix_web::{App, HttpServer};
//! # use sentry_context::sentry::Hub;
//! # use sentry_native::stall;
//! # fn example(hub: Arc<Hub>) -> std::io::Result<()> {
//! let watchdog = stall::Watchdog::start(stall::THRESHOLD, hub);
//! HttpServer::new(move || {
//!     // actix-web makes one app on each worker's own thread.
//!     watchdog.watch_this_worker();
//!     App::new()
//! })
//! # .bind("127.0.0.1:0")?.run(); Ok(()) }
//! ```

mod event;
mod worker;

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use sentry::Hub;
pub use sentry_context::client::STALL_THRESHOLD as THRESHOLD;

use event::Stall;
pub(crate) use worker::attribute;
use worker::{BEAT, Worker};

/// Why no stall is reported; `None` if stalls are.
pub const UNAVAILABLE: Option<&str> = None;

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
    /// Starts the watchdog's thread. Stalls beyond `threshold` are reported, shorter ones are not; a threshold of zero
    /// reports none, and costs nothing.
    pub fn start(threshold: Duration, hub: Arc<Hub>) -> Self {
        let watched = Arc::new(Watched { threshold, hub, workers: Mutex::default() });
        if threshold.is_zero() {
            return Self(watched);
        }
        let weak = Arc::downgrade(&watched);
        if let Err(error) =
            thread::Builder::new().name("stall-watchdog".to_owned()).spawn(move || watch(&weak))
        {
            tracing::error!(%error, "no thread for the watchdog: stalls will not be reported");
        }
        Self(watched)
    }

    /// Watches the calling thread from now on, for as long as its runtime lives. To be called on each worker, in a
    /// `LocalSet` such as actix-web's. A thread is watched once: a server that is bound to several addresses makes as
    /// many apps on each worker.
    pub fn watch_this_worker(&self) {
        if self.0.threshold.is_zero() {
            return;
        }
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
        // What this thread overslept, the others may have stood still as well: the whole process was stopped.
        let awake = looked.elapsed().min(BEAT * 2);
        looked = Instant::now();
        stalls.retain(|stall| !stall.is_over());
        for worker in watched.living() {
            // A stall begins up to one beat after the last heartbeat.
            let late = worker.was_silent_for(awake) > watched.threshold + BEAT;
            if late && !stalls.iter().any(|stall| stall.is_of(&worker)) {
                stalls.push(Stall::found(worker, watched.threshold, &watched.hub));
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use sentry::protocol::{EnvelopeItem, Event};
    use sentry::{Client, ClientOptions, Envelope, Level, Scope, Transport};

    use super::*;

    /// Hands over what would be sent.
    struct Events(mpsc::Sender<Event<'static>>);

    impl Transport for Events {
        fn send_envelope(&self, envelope: Envelope) {
            for item in envelope.into_items() {
                if let EnvelopeItem::Event(event) = item {
                    let _ = self.0.send(*event);
                }
            }
        }
    }

    fn hub() -> (Arc<Hub>, mpsc::Receiver<Event<'static>>) {
        let (events, sent) = mpsc::channel();
        let transport: Arc<dyn Transport> = Arc::new(Events(events));
        let mut options = ClientOptions::new().default_integrations(false);
        options.dsn = Some("http://key@127.0.0.1:1/1".parse().unwrap());
        options.transport = Some(Arc::new(move |_: &ClientOptions| Arc::clone(&transport)));
        let client = Arc::new(Client::with_options(options));
        (Arc::new(Hub::new(Some(client), Arc::new(Scope::default()))), sent)
    }

    #[test]
    fn a_worker_that_waits_without_await_is_reported_once_though_nobody_knew() {
        let (hub, sent) = hub();
        let watchdog = Watchdog::start(THRESHOLD, hub);
        let (report, reported) = mpsc::channel::<()>();
        let worker = thread::Builder::new().name("a worker".to_owned()).spawn(move || {
            actix_web::rt::System::new().block_on(async {
                // As on a server that is bound to two addresses.
                watchdog.watch_this_worker();
                watchdog.watch_this_worker();
                tokio::task::yield_now().await;
                // Blocked until the test has the event.
                reported.recv().unwrap();
                // On with the heartbeat until the test has the other one.
                while reported.try_recv() == Err(mpsc::TryRecvError::Empty) {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            });
        });

        let mut blocked = sent.recv().unwrap();
        assert_eq!((blocked.level, blocked.exception[0].ty.as_str()), (Level::Error, "EventLoopBlocked"));
        let stacktrace = blocked.exception[0].stacktrace.as_mut().unwrap();
        sentry_context::frames::clean(stacktrace, &[]);
        assert!(stacktrace.frames.len() > 5, "{blocked:?}");
        let thread = &blocked.threads[0];
        assert_eq!((thread.name.as_deref(), &thread.id), (Some("a worker"), &blocked.exception[0].thread_id));

        report.send(()).unwrap();
        let over = sent.recv().unwrap();
        assert_eq!(over.level, Level::Info);
        assert!(over.logentry.unwrap().message.starts_with("The event loop runs again"));

        drop(report);
        worker.unwrap().join().unwrap();
        // The watchdog ends with its workers, and with it the last of those who could send.
        assert!(sent.recv().is_err(), "reported twice");
    }

    #[test]
    fn a_threshold_of_zero_watches_nobody() {
        let (hub, sent) = hub();
        let watchdog = Watchdog::start(Duration::ZERO, hub);
        // Where there is no runtime, a heartbeat would panic.
        watchdog.watch_this_worker();
        drop(watchdog);
        assert!(sent.recv().is_err());
    }
}
