//! The environment as typed settings.

use std::net::IpAddr;

use broker::{Address, BadUrl};
use scenario::Guards;
use sentry_context::client::{Config, ConfigError, Service};
use sentry_context::env::{self, EnvError};

/// What Sentry knows about this service.
pub static SERVICE: Service = Service {
    name: "analytics",
    release_name: "analytics-service",
    in_app: &["analytics"],
    panic_type: "RuntimeError",
    fingerprint_rules: include_str!("fingerprint.rules"),
    platform: &sentry_native::Native,
};

/// Where it listens unless `PORT` says otherwise.
pub const PORT: u16 = 8084;

/// The database that holds the data. A database in `MONGODB_URL` is only where its user is known.
pub const DATABASE: &str = "sentry_poc";

/// Everything that can be configured from outside.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Address to listen on.
    pub host: IpAddr,
    /// Port to listen on; 0 takes a free one.
    pub port: u16,
    /// Worker threads; `None` is one per core.
    pub workers: Option<usize>,
    /// The Sentry client.
    pub sentry: Config,
    /// Who may use the debug routes.
    pub guards: Guards,
    /// The database; without one, what needs it says so.
    pub mongodb_url: Option<String>,
    /// The broker; without one, nothing is consumed.
    pub rabbitmq: Option<Address>,
}

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The broker's address is wrong.
    #[error(transparent)]
    Broker(#[from] BadUrl),
    /// A variable's value is wrong.
    #[error(transparent)]
    Env(#[from] EnvError),
    /// Sentry's configuration is wrong.
    #[error(transparent)]
    Sentry(#[from] ConfigError),
}

impl Settings {
    /// Reads the environment.
    pub fn from_env() -> Result<Self, SettingsError> {
        let any = |_: &u16| true;
        Ok(Self {
            host: env::parsed("HOST", IpAddr::from([127, 0, 0, 1]), "an IP address", |_| true)?,
            port: env::parsed("PORT", PORT, "a port from 0 to 65535", any)?,
            workers: None,
            sentry: Config::from_env(&SERVICE)?,
            guards: Guards::from_env()?,
            mongodb_url: env::text("MONGODB_URL")?,
            rabbitmq: Address::parse(env::text("RABBITMQ_URL")?.as_deref(), SERVICE.release_name)?,
        })
    }
}
