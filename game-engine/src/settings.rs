//! The environment as typed settings.

use sentry_context::client::Service;
use sentry_context::env;
use service::{MEMORY_LEAK_LIMIT_MB, SettingsError};
use variable::Variable;

/// What Sentry knows about this service.
pub static SERVICE: Service = Service {
    name: "game-engine",
    release_name: "game-engine",
    in_app: &["game_engine"],
    panic_type: "RuntimeError",
    fingerprint_rules: include_str!("fingerprint.rules"),
    platform: service::PLATFORM,
};

/// The port that it listens on.
pub static PORT: Variable = service::port("8082");

/// Everything that [`Settings::from_env`] reads.
pub fn variables() -> Vec<&'static Variable> {
    service::variables(&PORT, &[&MEMORY_LEAK_LIMIT_MB])
}

/// Everything that can be configured from outside.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What every service has.
    pub shared: service::Settings,
    /// How much the leak may hold, MiB.
    pub memory_leak_limit_mb: u32,
}

impl Settings {
    /// Reads the environment.
    pub fn from_env() -> Result<Self, SettingsError> {
        Ok(Self {
            shared: service::Settings::from_env(&SERVICE, &PORT)?,
            memory_leak_limit_mb: env::parsed(&MEMORY_LEAK_LIMIT_MB)?,
        })
    }
}

impl AsRef<service::Settings> for Settings {
    fn as_ref(&self) -> &service::Settings {
        &self.shared
    }
}
