//! What a service knows about its end.

use std::io;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use actix_web::dev::Server;
use tokio::sync::watch;

use super::{DELIVERY, GRACE};
use crate::client::SHUTDOWN_TIMEOUT;

/// What remains of the time for Sentry, at least, whatever the broker takes.
const FOR_SENTRY: Duration = Duration::from_secs(2);

/// How long what is queued may take once nobody wants to wait.
const HURRIED: Duration = Duration::from_secs(1);

/// How long messages may take to the broker.
const PUBLISH: Duration = Duration::from_secs(3);

/// What is kept of the time until the deadline for the exit itself.
const FOR_EXIT: Duration = Duration::from_millis(500);

/// How urgent the end is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Urgency {
    None,
    Ordered,
    Hurried,
}

/// Whether the process has been asked to end, and how long that may still take.
#[derive(Debug, Clone)]
pub struct Stop(Arc<State>);

#[derive(Debug)]
struct State {
    urgency: watch::Sender<Urgency>,
    asked_at: OnceLock<Instant>,
    delivery_has_begun: AtomicBool,
}

impl Stop {
    pub(super) fn new() -> Self {
        let (urgency, _) = watch::channel(Urgency::None);
        Self(Arc::new(State {
            urgency,
            asked_at: OnceLock::new(),
            delivery_has_begun: AtomicBool::default(),
        }))
    }

    /// Serves until the process is asked to stop, then lets requests in flight finish: for [`GRACE`], or until it is
    /// asked again.
    pub async fn serve(&self, server: Server) -> io::Result<()> {
        let handle = server.handle();
        let mut server = pin!(server);
        tokio::select! {
            ended = &mut server => return ended,
            () = self.reaches(Urgency::Ordered) => {}
        }
        // The command is sent by the call; its end is the server's.
        drop(handle.stop(true));
        tokio::select! {
            ended = &mut server => return ended,
            () = self.reaches(Urgency::Hurried) => {}
            () = tokio::time::sleep(GRACE) => {}
        }
        tracing::warn!("requests in flight are cut off");
        Ok(())
    }

    /// How long messages for the broker may be waited for.
    pub fn time_to_publish(&self) -> Duration {
        self.left(PUBLISH, FOR_EXIT + FOR_SENTRY)
    }

    /// How long the delivery to Sentry may take.
    pub(super) fn time_to_deliver(&self) -> Duration {
        self.left(SHUTDOWN_TIMEOUT, FOR_EXIT)
    }

    fn left(&self, longest: Duration, reserved: Duration) -> Duration {
        let longest = if *self.0.urgency.borrow() == Urgency::Hurried { HURRIED } else { longest };
        let left = self.deadline().map(|end| end.saturating_duration_since(Instant::now() + reserved));
        left.map_or(longest, |left| left.min(longest))
    }

    /// When the process must be gone; `None` if nobody has asked it to end.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.0.asked_at.get().map(|asked| *asked + GRACE + DELIVERY)
    }

    pub(super) fn ask(&self, urgency: Urgency) {
        self.0.asked_at.get_or_init(Instant::now);
        self.0.urgency.send_replace(urgency);
    }

    /// One thread delivers. Returns on the first that asks; another one waits for the exit.
    pub(super) fn begin_delivery(&self) {
        while self.0.delivery_has_begun.swap(true, SeqCst) {
            thread::park();
        }
    }

    pub(super) fn delivery_has_begun(&self) -> bool {
        self.0.delivery_has_begun.load(SeqCst)
    }

    async fn reaches(&self, urgency: Urgency) {
        // The sender lives as long as this.
        let _ = self.0.urgency.subscribe().wait_for(|now| *now >= urgency).await;
    }
}
