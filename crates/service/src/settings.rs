//! The environment variables that every service reads, as typed settings.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use broker::Address;
use healthcheck::HOST;
use scenario::Guards;
use sentry_context::client::{self, Config, ConfigError, Delivery, Service};
use sentry_context::env::{self, Allowed, EnvError, Shown, Variable};
use sentry_context::logs;
use sentry_context::platform::Platform;
use sentry_context::profile::Profiling;
use sentry_context::sentry::types::Dsn;

use crate::topology::TOPOLOGY;

/// The database that holds the data of all services. A database in `MONGODB_URL` is only where its user is known.
pub const DATABASE: &str = "sentry_poc";

/// Every process is profiled, unless the environment says otherwise.
static PROFILE_SESSION_SAMPLE_RATE: Variable = client::profile_session_sample_rate("1.0");

/// What every service can see of its process.
pub const PLATFORM: &dyn Platform = &sentry_native::Native;

/// How much memory a leak may hold, in the services that have one.
pub static MEMORY_LEAK_LIMIT_MB: Variable = Variable {
    name: "MEMORY_LEAK_LIMIT_MB",
    about: "how much memory the leak may hold; beyond it, its calls get 507",
    default: Some("512"),
    allowed: Allowed::Number { what: "MiB", min: 1.0, max: 65_536.0, zero: None },
    shown: Shown::Whole,
};

/// The variables of a service: those of every service, with its own declaration of `PORT`, and `own` ones,
/// which stand in for those of every service that have their names.
pub fn variables(port: &'static Variable, own: &[&'static Variable]) -> Vec<&'static Variable> {
    let connections = [&database::URL, &broker::URL];
    let of_client = client::VARIABLES.map(|variable| {
        let here = &PROFILE_SESSION_SAMPLE_RATE;
        if variable.name == here.name { here } else { variable }
    });
    let shared = [&of_client[..], &connections].concat();
    let is_own = |variable: &&'static Variable| own.iter().any(|it| it.name == variable.name);
    let shared: Vec<_> = shared.into_iter().filter(|variable| !is_own(variable)).collect();
    [&[&HOST, port], &shared[..], own, &scenario::VARIABLES, &logs::VARIABLES].concat()
}

/// What can be configured in every service.
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
    /// The database's URL; without one, whatever needs the database fails.
    pub mongodb_url: Option<String>,
    /// The database's name.
    pub database: String,
    /// The broker; without one, nothing is published or consumed.
    pub rabbitmq: Option<Address>,
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
    Broker(#[from] broker::BadUrl),
}

impl Settings {
    /// Reads the environment of a service with that declaration of `PORT`.
    pub fn from_env(service: &'static Service, port: &Variable) -> Result<Self, SettingsError> {
        Ok(Self {
            host: env::parsed(&HOST)?,
            port: env::parsed(port)?,
            workers: None,
            sentry: Config {
                profiling: Profiling::from_env(&PROFILE_SESSION_SAMPLE_RATE)?,
                ..Config::from_env(service)?
            },
            guards: Guards::from_env()?,
            mongodb_url: env::text(&database::URL)?,
            database: DATABASE.to_owned(),
            rabbitmq: Address::parse(env::text(&broker::URL)?.as_deref(), service.release_name, &TOPOLOGY)?,
        })
    }

    /// Settings that read no environment: a free port on loopback, two workers, no database, no broker, and no
    /// watchdog, which a busy machine would wake. Tests and examples begin with these.
    pub fn isolated(service: &'static Service, dsn: Option<Dsn>) -> Result<Self, SettingsError> {
        let place = service.name.to_owned();
        let rules = service.fingerprint_rules.parse();
        Ok(Self {
            host: Ipv4Addr::LOCALHOST.into(),
            port: 0,
            workers: Some(2),
            sentry: Config {
                service,
                dsn,
                release: format!("{}@test", service.release_name),
                environment: "test".to_owned(),
                traces_sample_rate: 1.0,
                stall_threshold: Duration::ZERO,
                profiling: Profiling::default(),
                rules: rules.map_err(|error| ConfigError::Rules { place, error })?,
                delivery: Delivery::default(),
            },
            guards: Guards::new(true, None),
            mongodb_url: None,
            database: DATABASE.to_owned(),
            rabbitmq: None,
        })
    }

    /// How many worker threads the server has.
    pub fn workers(&self) -> usize {
        self.workers.unwrap_or_else(http_limits::workers)
    }
}

impl AsRef<Self> for Settings {
    fn as_ref(&self) -> &Self {
        self
    }
}
