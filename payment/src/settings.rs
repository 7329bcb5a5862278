//! The environment as typed settings.

use std::sync::Arc;
use std::time::Duration;

use sentry_context::client::Service;
use sentry_context::env;
use sentry_native::native_crash::CrashChild;
use service::{MEMORY_LEAK_LIMIT_MB, SettingsError};
use variable::{Allowed, Shown, Variable};

use crate::domain::unconfirmed::Unconfirmed;
use crate::provider::Manners;

/// What Sentry knows about this service.
pub static SERVICE: Service = Service {
    name: "payment",
    release_name: "payment-service",
    in_app: &["payment"],
    panic_type: "Error",
    fingerprint_rules: include_str!("fingerprint.rules"),
    platform: service::PLATFORM,
};

/// The port that it listens on.
pub static PORT: Variable = service::port("8083");

/// The database of the ledger, or none.
static MONGODB_URL: Variable = Variable {
    name: database::URL.name,
    about: "the database; without one the service serves, and refuses payments; `memory:`: balances are in memory, and end with the process",
    allowed: Allowed::Text("a URL such as mongodb://127.0.0.1:27017, or memory:"),
    ..database::URL
};

static PROVIDER_DELAY_MS: Variable = Variable {
    name: "PROVIDER_DELAY_MS",
    about: "how long the payment provider takes to answer, at most",
    default: Some("100"),
    allowed: Allowed::Number { what: "milliseconds", min: 0.0, max: 1_000.0, zero: None },
    shown: Shown::Whole,
};

static ERROR_RATE: Variable = Variable {
    name: "ERROR_RATE",
    about: "the share of payments that fail",
    default: Some("0.1"),
    allowed: Allowed::Number { what: "a number", min: 0.0, max: 1.0, zero: None },
    shown: Shown::Whole,
};

/// Everything that [`Settings::from_env`] reads.
pub fn variables() -> Vec<&'static Variable> {
    service::variables(&PORT, &[&MONGODB_URL, &ERROR_RATE, &PROVIDER_DELAY_MS, &MEMORY_LEAK_LIMIT_MB])
}

/// Everything that can be configured from outside, and what tests replace.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What every service has.
    pub shared: service::Settings,
    /// How the payment provider behaves.
    pub provider: Manners,
    /// How much the leak may hold, MiB.
    pub memory_leak_limit_mb: u32,
    /// The program that crashes in place of the service; not a variable, but tests run in another program.
    pub crash_child: Arc<CrashChild>,
    /// The list of unconfirmed payments; not a variable, but tests use a shorter list.
    pub unconfirmed: Unconfirmed,
}

impl Settings {
    /// Reads the environment.
    pub fn from_env() -> Result<Self, SettingsError> {
        Ok(Self {
            shared: service::Settings::from_env(&SERVICE, &PORT)?,
            provider: Manners {
                error_rate: env::parsed(&ERROR_RATE)?,
                slowest: Duration::from_millis(env::parsed(&PROVIDER_DELAY_MS)?),
            },
            memory_leak_limit_mb: env::parsed(&MEMORY_LEAK_LIMIT_MB)?,
            crash_child: Arc::new(CrashChild::this_program()),
            unconfirmed: Unconfirmed::default(),
        })
    }
}

impl AsRef<service::Settings> for Settings {
    fn as_ref(&self) -> &service::Settings {
        &self.shared
    }
}
