//! The thread that receives signals: it is never blocked.

use std::io;
use std::process;
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::stop::{Stop, Urgency};
use super::{GRACE, LOG_FLUSH};
use crate::client::Closer;
use crate::logs;

/// The exit status of a process that its deadline has ended.
const FORCED: i32 = 1;

/// How long after the grace for requests the service may take until this thread delivers in its place.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long both may take where somebody has asked twice.
const HURRIED_PATIENCE: Duration = Duration::from_millis(1_500);
const HURRIED_DEADLINE: Duration = Duration::from_secs(3);

/// What a delivery in its place may take.
const LAST_DELIVERY: Duration = Duration::from_millis(1_000);

/// Listens from now on.
pub(super) fn watch(closer: Closer) -> io::Result<Stop> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let signals = {
        let _entered = runtime.enter();
        Signals::listen()?
    };
    let stop = Stop::new();
    let watched = stop.clone();
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || end_in_time(&runtime, signals, &watched, &closer))?;
    Ok(stop)
}

/// Does not return: the process ends before.
fn end_in_time(runtime: &Runtime, mut signals: Signals, stop: &Stop, closer: &Closer) {
    let urgency = runtime.block_on(signals.next());
    stop.ask(urgency);
    tracing::info!("the process is asked to stop");
    let asked = Instant::now();
    let (mut deliver_at, mut deadline) = (asked + GRACE + PATIENCE, stop.deadline().unwrap_or(asked));
    let is_hurried = urgency == Urgency::Hurried
        || runtime
            .block_on(async { tokio::time::timeout_at(deliver_at.into(), signals.next()).await.is_ok() });
    // A delivery that has begun is bounded, and what it saves on disk comes last: it is not cut short.
    if is_hurried && !stop.delivery_has_begun() {
        stop.ask(Urgency::Hurried);
        deliver_at = deliver_at.min(Instant::now() + HURRIED_PATIENCE);
        deadline = deadline.min(Instant::now() + HURRIED_DEADLINE);
        thread::sleep(deliver_at.saturating_duration_since(Instant::now()));
    }
    if !stop.delivery_has_begun() {
        tracing::error!("the service does not stop in time: what is queued is delivered by another thread");
        let (stop, closer) = (stop.clone(), closer.clone());
        let deliver = move || {
            stop.begin_delivery();
            closer.close(LAST_DELIVERY);
            exit();
        };
        // Without a thread the deadline is all that is left.
        let _ = thread::Builder::new().name("last-delivery".to_owned()).spawn(deliver);
    }
    thread::sleep(deadline.saturating_duration_since(Instant::now()));
    tracing::error!("the time to stop is over: the process exits, and some work is left undone");
    exit();
}

fn exit() -> ! {
    logs::flush(LOG_FLUSH);
    process::exit(FORCED)
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
    quit: Signal,
    /// `None` if the process was started so that it outlives its terminal.
    hangup: Option<Signal>,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            hangup: if is_hangup_ignored() { None } else { Some(signal(SignalKind::hangup())?) },
        })
    }

    async fn next(&mut self) -> Urgency {
        let hangup = async {
            match &mut self.hangup {
                Some(signal) => signal.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.terminate.recv() => Urgency::Ordered,
            _ = self.interrupt.recv() => Urgency::Ordered,
            _ = hangup => Urgency::Ordered,
            _ = self.quit.recv() => Urgency::Hurried,
        }
    }
}

/// As Linux says it: a mask of signals, the first one lowest.
fn is_hangup_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 != 0)
}
