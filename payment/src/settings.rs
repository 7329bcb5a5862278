//! The environment as typed settings.

use std::sync::Arc;

use sentry_context::client::Service;
use sentry_context::env;
use sentry_native::native_crash::CrashChild;
use service::SettingsError;

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

/// Where it listens unless `PORT` says otherwise.
pub const PORT: u16 = 8083;

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
        let limit = |limit: &u32| (1..=65_536).contains(limit);
        let share = |rate: &f64| (0.0..=1.0).contains(rate);
        Ok(Self {
            shared: service::Settings::from_env(&SERVICE, PORT)?,
            error_rate: env::parsed("ERROR_RATE", 0.1, "a number from 0 to 1", share)?,
            memory_leak_limit_mb: env::parsed("MEMORY_LEAK_LIMIT_MB", 512, "MiB from 1 to 65536", limit)?,
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
