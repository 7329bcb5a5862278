//! The inbox, in this process, and the services, as its children.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use inbox::Inbox;
use sentry_context::client::DSN;
use sentry_context::logs::RUST_LOG;

use crate::backing::Backing;
use crate::control::known::KnownService;
use crate::control::{self, Control};
use crate::dsns::Dsns;
use crate::ports::{self, INBOX_PORT, Port, Preference};
use crate::services::SERVICES;
use crate::supervisor::{Launch, Supervisor};
use crate::traffic::gateway::GatewayError;
use crate::{hints, page, variables};

/// For how long a service may not answer before it counts as frozen: the longest scenario blocks it for 30 s.
pub const FROZEN_AFTER: Duration = Duration::from_secs(40);

/// The project of the gateway in the inbox, beside those of the services.
const GATEWAY: u32 = 4;

/// Everything that the demo is made of, started.
pub struct Stage {
    /// The receiver of all events, and the page.
    pub inbox: Arc<Inbox>,
    /// The services.
    pub services: Supervisor,
    /// What the page shows and does.
    pub control: Control,
}

/// How everything is started.
#[derive(Debug)]
pub struct Setup {
    /// Where to listen.
    pub preference: Preference,
    /// The DSN of a Sentry server that gets a copy of everything.
    pub sentry: Option<String>,
    /// One that does not answer for that long is started again.
    pub frozen_after: Duration,
    /// The servers that the services use.
    pub backing: Backing,
}

/// The stage could not be set.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// No port is free.
    #[error("no free loopback port: {0}")]
    Ports(#[source] io::Error),
    /// The inbox did not start.
    #[error("the inbox did not start: {0}")]
    Inbox(#[source] inbox::StartError),
    /// It is not known which binary this is.
    #[error("the path of this binary is not known: {0}")]
    Program(#[source] io::Error),
    /// The traffic has no gateway.
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    /// The HTTP client could not be made.
    #[error("no HTTP client: {0}")]
    Http(#[source] reqwest::Error),
}

impl Stage {
    /// Starts the inbox and all services.
    pub async fn set(setup: Setup, http: &reqwest::Client) -> Result<Self, StageError> {
        let program = std::env::current_exe().map_err(StageError::Program)?;
        let mut usual = vec![INBOX_PORT];
        usual.extend(SERVICES.iter().map(|service| service.usual_port));
        let mut ports = ports::choose(&usual, setup.preference).map_err(StageError::Ports)?;
        let of_inbox = ports.remove(0);
        let address = ports::loopback(of_inbox.number());
        let sentry = setup.sentry.as_deref();
        let dsns = Dsns::new(sentry, address);
        let version = variables::of_clients("APP_VERSION");
        let known = SERVICES.iter().zip(&ports).map(|(service, port)| {
            KnownService::new(service.name, format!("http://127.0.0.1:{}", port.number()), version.clone())
        });
        let url = format!("http://{address}");
        let control = Control::new(control::Setup {
            services: known.collect(),
            supervised: true,
            inbox: &url,
            gateway: &dsns.of(GATEWAY),
            sentry,
            http: http.clone(),
        });
        let control = control.map_err(StageError::Gateway)?;
        let hints = hints::of(SERVICES.iter().zip(ports.iter().map(Port::number)));
        let options = inbox::Options {
            addr: address,
            page: page::additions(&control, hints),
            forward: dsns.forward.clone(),
            ..inbox::Options::default()
        };
        let inbox = Arc::new(Inbox::start_with(options).await.map_err(StageError::Inbox)?);
        drop(of_inbox);
        let launches = SERVICES.iter().zip(ports).map(|(service, port)| Launch {
            service,
            port,
            dsn: dsns.of(service.project),
            environment: setup.backing.environment(service),
            show_log: std::env::var_os(RUST_LOG.name).is_some(),
            program: program.clone(),
            frozen_after: setup.frozen_after,
        });
        let services = Supervisor::start(launches.collect(), http);
        control.begin(&inbox, Some(services.deployer()));
        Ok(Self { inbox, services, control })
    }
}

/// The DSN of the demo's own environment: the server that it names gets a copy of everything.
pub fn foreign_dsn() -> Option<String> {
    std::env::var(DSN.name).ok().filter(|dsn| !dsn.trim().is_empty())
}
