//! Children that are started, watched, restarted when they die or freeze, and stopped.

mod child;
mod health;
mod output;
mod output_tail;
mod runs;

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
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
    /// It is stopped, and started again otherwise.
    Deploying {
        /// Which.
        service: &'static Service,
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

impl Notice {
    /// To which child it happened.
    pub fn service(&self) -> &'static Service {
        match self {
            Self::Serving { service, .. }
            | Self::Died { service, .. }
            | Self::NotStarted { service, .. }
            | Self::Deploying { service }
            | Self::Frozen { service, .. }
            | Self::GaveUp { service, .. } => service,
        }
    }
}

/// What a child is started with beside its launch: another version, other flags.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deployment {
    /// Environment variables.
    pub environment: Vec<(&'static str, String)>,
}

/// Restarts children with another deployment.
#[derive(Debug, Clone)]
pub struct Deployer(Arc<BTreeMap<&'static str, watch::Sender<Deployment>>>);

impl Deployer {
    /// Restarts the service of that name, unless it runs like that already.
    pub fn deploy(&self, service: &str, deployment: Deployment) {
        if let Some(sender) = self.0.get(service) {
            sender.send_if_modified(|running| {
                let differs = *running != deployment;
                *running = deployment;
                differs
            });
        }
    }
}

/// The children, each watched by a task of its own.
#[derive(Debug)]
pub struct Supervisor {
    stop: watch::Sender<u32>,
    deployer: Deployer,
    watches: JoinSet<()>,
    notices: mpsc::UnboundedReceiver<Notice>,
}

impl Supervisor {
    /// Starts all children; what becomes of them is reported by [`Self::next`].
    pub fn start(launches: Vec<Launch>, http: &reqwest::Client) -> Self {
        let (stop, stopped) = watch::channel(0);
        let (sender, notices) = mpsc::unbounded_channel();
        let mut watches = JoinSet::new();
        let mut deployments = BTreeMap::new();
        for launch in launches {
            let (deploy, deployment) = watch::channel(Deployment::default());
            deployments.insert(launch.service.name, deploy);
            let orders = runs::Orders { stopped: stopped.clone(), deployment };
            watches.spawn(runs::supervise(launch, http.clone(), sender.clone(), orders));
        }
        Self { stop, deployer: Deployer(Arc::new(deployments)), watches, notices }
    }

    /// What restarts children with another deployment.
    pub fn deployer(&self) -> Deployer {
        self.deployer.clone()
    }

    /// The next thing that happened; `None` once every child is given up.
    pub async fn next(&mut self) -> Option<Notice> {
        self.notices.recv().await
    }

    /// Stops all children: SIGTERM, another one at `again`, on which they cut off what is in flight, and SIGKILL for those
    /// that take longer than a service may.
    pub async fn stop(mut self, again: impl Future<Output = ()>) {
        let ask = || self.stop.send_modify(|asked| *asked += 1);
        let ended = async { while self.watches.join_next().await.is_some() {} };
        let mut ended = pin!(ended);
        ask();
        tokio::select! {
            () = &mut ended => return,
            () = again => ask(),
        }
        ended.await;
    }
}
