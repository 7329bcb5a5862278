//! The environment as typed settings.

use std::sync::Arc;

use sentry_context::client::Service;
use sentry_context::env;
use sentry_native::native_crash::CrashChild;
use service::{MEMORY_LEAK_LIMIT_MB, SettingsError};
use variable::{Allowed, Shown, Variable};

use crate::domain::unconfirmed::Unconfirmed;

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

static ERROR_RATE: Variable = Variable {
    name: "ERROR_RATE",
    about: "the share of payments that fail",
    default: Some("0.1"),
    allowed: Allowed::Number { what: "a number", min: 0.0, max: 1.0, zero: None },
    shown: Shown::Whole,
};

/// Everything that [`Settings::from_env`] reads.
pub fn variables() -> Vec<&'static Variable> {
    service::variables(&PORT, &[&ERROR_RATE, &MEMORY_LEAK_LIMIT_MB])
}

/// Everything that can be configured from outside, and what tests replace.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What every service has.
    pub shared: service::Settings,
    /// The share of payments that the processor refuses, 0 to 1.
    pub error_rate: f64,
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
            error_rate: env::parsed(&ERROR_RATE)?,
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
