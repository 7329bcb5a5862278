//! What the tab Scenarios of the page shows, and what it can do: break services, watch what arrives, check all promises.
//!
//! One [`Control`] is shared by the page's routes, by the tasks that they start, and by those who note what happens to the
//! services. Whatever changes raises a version, for which the page waits.
//!
//! - [`known`] the services and their catalogues; [`watch`] keeps them up to date
//! - [`order`] what the page asks for; [`run`] one call of a scenario and its verdict; [`burst`] many at once; [`full`] the whole check
//! - [`release`] one that goes wrong
//! - [`health`] figures of the last five minutes; [`process`] those of a child process
//! - [`routes`] HTTP; [`refused`] why something is not done; [`link`] where the Sentry server has an event

pub mod burst;
pub mod full;
pub mod health;
pub mod known;
pub mod link;
pub mod order;
pub mod point;
pub mod process;
pub mod refused;
pub mod release;
pub mod routes;
pub mod run;
mod traffic;
pub mod watch;

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use actix_web::web::Bytes;
use inbox::Inbox;
use serde::Serialize;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, watch as channel};

use crate::check::fire::ScenarioClient;
use crate::check::received::InboxApi;
use crate::supervisor::Deployer;
use crate::traffic::Counts;
use crate::traffic::gateway::{Gateway, GatewayError};
use burst::Burst;
use full::FullCheck;
use known::KnownService;
use run::Run;

/// Most scenarios that run at once, over all services.
pub const RUNS_AT_ONCE: usize = 8;

/// Everything that is shared.
#[derive(Debug, Clone)]
pub struct Control(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    state: Mutex<State>,
    version: channel::Sender<u64>,
    /// The answer to the page of the version that was asked for last.
    written: Mutex<(u64, Bytes)>,
    http: reqwest::Client,
    client: ScenarioClient,
    inbox: InboxApi,
    /// The same inbox in this process; it owns the server whose routes own this.
    receiver: OnceLock<Weak<Inbox>>,
    /// Where tasks run: routes are served by a runtime of the inbox's own.
    runtime: Handle,
    runs: Arc<Semaphore>,
    /// Sends the transactions of the traffic.
    gateway: Gateway,
    /// Stops the traffic that runs.
    traffic: Mutex<Option<channel::Sender<bool>>>,
    /// Restarts services, where this process has started them.
    deployer: OnceLock<Deployer>,
    /// When the page was last asked for, seconds since 1970, as bits.
    looked_at: AtomicU64,
}

/// What the page shows.
#[derive(Debug, Default, Serialize)]
pub struct State {
    version: u64,
    /// Whether this process has started the services, and can restart them.
    supervised: bool,
    services: Vec<KnownService>,
    /// The last run of each scenario, by its id.
    runs: BTreeMap<String, Run>,
    /// The last burst of each scenario, by its id.
    bursts: BTreeMap<String, Burst>,
    check: Option<FullCheck>,
    traffic: Option<Counts>,
    /// The release that was deployed in place of the first one.
    release: Option<release::Release>,
    /// Where the Sentry server has an event: `{project}` and `{event}` stand for theirs.
    sentry: Option<String>,
}

/// What a [`Control`] is made from.
#[derive(Debug)]
pub struct Setup<'a> {
    /// The services.
    pub services: Vec<KnownService>,
    /// Whether a supervisor says what happens to them; else they are asked.
    pub supervised: bool,
    /// The URL of the inbox.
    pub inbox: &'a str,
    /// Where the transactions of the gateway go.
    pub gateway: &'a str,
    /// The DSN of a Sentry server that gets a copy of everything.
    pub sentry: Option<&'a str>,
    /// A client that keeps no connection.
    pub http: reqwest::Client,
}

impl Control {
    /// Knows what it is made from.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn new(setup: Setup<'_>) -> Result<Self, GatewayError> {
        let Setup { services, supervised, inbox, gateway, sentry, http } = setup;
        let sentry = sentry.and_then(link::template);
        let state = State { services, supervised, sentry, ..State::default() };
        Ok(Self(Arc::new(Inner {
            state: Mutex::new(state),
            version: channel::Sender::new(0),
            written: Mutex::new((0, Bytes::new())),
            client: ScenarioClient::new(http.clone()),
            inbox: InboxApi::new(inbox, http.clone()),
            http,
            receiver: OnceLock::new(),
            runtime: Handle::current(),
            runs: Arc::new(Semaphore::new(RUNS_AT_ONCE)),
            gateway: Gateway::new(gateway)?,
            traffic: Mutex::new(None),
            deployer: OnceLock::new(),
            looked_at: AtomicU64::new(0),
        })))
    }

    /// Begins to watch services and events, once the inbox stands; `deployer` restarts services.
    pub fn begin(&self, inbox: &Arc<Inbox>, deployer: Option<Deployer>) {
        deployer.map(|deployer| self.0.deployer.set(deployer));
        if self.0.receiver.set(Arc::downgrade(inbox)).is_ok() {
            self.0.runtime.spawn(watch::services(self.clone()));
            self.0.runtime.spawn(health::sample(self.clone()));
        }
    }

    fn receiver(&self) -> Option<Arc<Inbox>> {
        self.0.receiver.get()?.upgrade()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.lock())
    }

    /// Changes what the page shows; it is drawn anew.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.lock();
        let outcome = change(&mut state);
        state.version += 1;
        self.0.version.send_replace(state.version);
        outcome
    }

    /// Changes one run, if it is still the last one of its scenario.
    fn change_run(&self, scenario: &str, id: &str, change: impl FnOnce(&mut Run)) {
        self.change(|state| state.runs.get_mut(scenario).filter(|run| run.id == id).map(change));
    }

    /// Changes one service.
    fn change_service<T>(&self, url: &str, change: impl FnOnce(&mut KnownService) -> T) -> Option<T> {
        self.change(|state| state.services.iter_mut().find(|service| service.url == url).map(change))
    }

    /// The state as JSON, written once a version.
    fn written(&self) -> Bytes {
        let mut written = self.0.written.lock().unwrap_or_else(PoisonError::into_inner);
        self.read(|state| {
            if written.0 != state.version || written.1.is_empty() {
                *written = (state.version, serde_json::to_vec(state).unwrap_or_default().into());
            }
        });
        written.1.clone()
    }
}
