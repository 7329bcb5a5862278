//! The inbox, in this process, and the services, as its children.

use std::io;
use std::time::Duration;

use inbox::Inbox;
use sentry_context::client::DSN;
use sentry_context::logs::RUST_LOG;

use crate::hints;
use crate::ports::{self, Preference};
use crate::services::SERVICES;
use crate::supervisor::{Launch, Supervisor};

/// The usual port of the inbox.
pub const INBOX_PORT: u16 = inbox::variables::PORT.default_port();

/// For how long a service may not answer before it counts as frozen: the longest scenario blocks it for 30 s.
pub const FROZEN_AFTER: Duration = Duration::from_secs(40);

/// Everything that the demo is made of, started.
pub struct Stage {
    /// The receiver of all events.
    pub inbox: Inbox,
    /// The services.
    pub services: Supervisor,
}

/// The stage could not be set.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// No port is to be had.
    #[error("no free loopback port: {0}")]
    Ports(#[source] io::Error),
    /// The inbox did not start.
    #[error("the inbox did not start: {0}")]
    Inbox(#[source] inbox::StartError),
    /// It is not known which binary this is.
    #[error("the path of this binary is not known: {0}")]
    Program(#[source] io::Error),
    /// The HTTP client could not be made.
    #[error("no HTTP client: {0}")]
    Http(#[source] reqwest::Error),
}

impl Stage {
    /// Starts the inbox and all services, whose events go to `dsn`, or to the inbox. One that does
    /// not answer for `frozen_after` is started again.
    pub async fn set(
        preference: Preference,
        dsn: Option<&str>,
        http: &reqwest::Client,
        frozen_after: Duration,
    ) -> Result<Self, StageError> {
        let program = std::env::current_exe().map_err(StageError::Program)?;
        let mut usual = vec![INBOX_PORT];
        usual.extend(SERVICES.iter().map(|service| service.usual_port));
        let chosen = ports::choose(&usual, preference).map_err(StageError::Ports)?;
        let hints = hints::of(SERVICES.iter().zip(chosen[1..].iter().copied()));
        let page = inbox::page::Additions { hints, ..inbox::page::Additions::default() };
        let options = inbox::Options { addr: ports::loopback(chosen[0]), page, ..inbox::Options::default() };
        let inbox = Inbox::start_with(options).await.map_err(StageError::Inbox)?;
        let launches = SERVICES.iter().zip(&chosen[1..]).map(|(service, port)| Launch {
            service,
            port: *port,
            dsn: dsn.map_or_else(|| inbox.dsn_for(service.project), str::to_owned),
            show_log: std::env::var_os(RUST_LOG.name).is_some(),
            program: program.clone(),
            frozen_after,
        });
        let services = Supervisor::start(launches.collect(), http);
        Ok(Self { inbox, services })
    }
}

/// The DSN of the demo's own environment: the services get it instead of the inbox's.
pub fn foreign_dsn() -> Option<String> {
    std::env::var(DSN.name).ok().filter(|dsn| !dsn.trim().is_empty())
}
