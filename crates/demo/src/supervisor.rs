//! Children that are started, watched, restarted when they die or freeze, and stopped.

mod child;
mod health;
mod output;
mod output_tail;
mod runs;

use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

pub use child::Launch;

use crate::services::Service;

/// What happened to a child.
#[derive(Debug)]
pub enum Notice {
    /// It answers at its health route.
    Serving {
        /// Which.
        service: &'static Service,
        /// Where.
        url: String,
        /// Its process.
        pid: u32,
        /// Whether it had died before.
        again: bool,
    },
    /// It ended unasked, and will be started again.
    Died {
        /// Which.
        service: &'static Service,
        /// Its exit status or signal, in words.
        how: String,
        /// The last lines that it wrote, if any.
        output_tail: Vec<String>,
        /// How long it ran.
        lived: Duration,
        /// When it is started again.
        restart_in: Duration,
    },
    /// It could not be started, perhaps because its binary is just being built anew; it will be tried again.
    NotStarted {
        /// Which.
        service: &'static Service,
        /// Why not.
        reason: String,
        /// When it is tried again.
        retry_in: Duration,
    },
    /// It does not answer any more, and is killed so that it can be started again.
    Frozen {
        /// Which.
        service: &'static Service,
        /// For how long it has not answered.
        silent_for: Duration,
    },
    /// It will not be started again.
    GaveUp {
        /// Which.
        service: &'static Service,
        /// Why, in its own words.
        reason: String,
    },
}

/// The children, each watched by a task of its own.
#[derive(Debug)]
pub struct Supervisor {
    stop: watch::Sender<bool>,
    watches: JoinSet<()>,
    notices: mpsc::UnboundedReceiver<Notice>,
}

impl Supervisor {
    /// Starts all children; what becomes of them is reported by [`Self::next`].
    pub fn start(launches: Vec<Launch>, http: &reqwest::Client) -> Self {
        let (stop, stopped) = watch::channel(false);
        let (sender, notices) = mpsc::unbounded_channel();
        let mut watches = JoinSet::new();
        for launch in launches {
            watches.spawn(runs::supervise(launch, http.clone(), sender.clone(), stopped.clone()));
        }
        Self { stop, watches, notices }
    }

    /// The next thing that happened; `None` once every child is given up.
    pub async fn next(&mut self) -> Option<Notice> {
        self.notices.recv().await
    }

    /// Stops all children: SIGTERM, and SIGKILL for those that take too long.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        while self.watches.join_next().await.is_some() {}
    }
}
