//! The environment as typed settings.

use std::net::IpAddr;

use broker::{Address, BadUrl};
use scenario::Guards;
use sentry_context::client::{Config, ConfigError, Service};
use sentry_context::env::{self, EnvError};

/// What Sentry knows about this service.
pub static SERVICE: Service = Service {
    name: "game-engine",
    release_name: "game-engine",
    in_app: &["game_engine"],
    panic_type: "RuntimeError",
    fingerprint_rules: include_str!("fingerprint.rules"),
    platform: &sentry_native::Native,
};

/// Where it listens unless `PORT` says otherwise.
pub const PORT: u16 = 8082;

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
    /// The database; without one, games are not stored.
    pub mongodb_url: Option<String>,
    /// The broker; without one, nothing is published.
    pub rabbitmq: Option<Address>,
    /// How much the leak may hold, MiB.
    pub memory_leak_limit_mb: u32,
}

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A variable's value is wrong.
    #[error(transparent)]
    Env(#[from] EnvError),
    /// Sentry's configuration is wrong.
    #[error(transparent)]
    Sentry(#[from] ConfigError),
    /// The broker's address is wrong.
    #[error(transparent)]
    Broker(#[from] BadUrl),
}

impl Settings {
    /// Reads the environment.
    pub fn from_env() -> Result<Self, SettingsError> {
        let any = |_: &u16| true;
        let limit = |limit: &u32| (1..=65_536).contains(limit);
        Ok(Self {
            host: env::parsed("HOST", IpAddr::from([127, 0, 0, 1]), "an IP address", |_| true)?,
            port: env::parsed("PORT", PORT, "a port from 0 to 65535", any)?,
            workers: None,
            sentry: Config::from_env(&SERVICE)?,
            guards: Guards::from_env()?,
            mongodb_url: env::text("MONGODB_URL")?,
            rabbitmq: Address::parse(env::text("RABBITMQ_URL")?.as_deref(), SERVICE.release_name)?,
            memory_leak_limit_mb: env::parsed("MEMORY_LEAK_LIMIT_MB", 512, "MiB from 1 to 65536", limit)?,
        })
    }
}
