//! The environment as typed settings.

use sentry_context::client::Service;
use sentry_context::env;
use service::SettingsError;

/// What Sentry knows about this service.
pub static SERVICE: Service = Service {
    name: "game-engine",
    release_name: "game-engine",
    in_app: &["game_engine"],
    panic_type: "RuntimeError",
    fingerprint_rules: include_str!("fingerprint.rules"),
    platform: service::PLATFORM,
};

/// Where it listens unless `PORT` says otherwise.
pub const PORT: u16 = 8082;

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
        let limit = |limit: &u32| (1..=65_536).contains(limit);
        Ok(Self {
            shared: service::Settings::from_env(&SERVICE, PORT)?,
            memory_leak_limit_mb: env::parsed("MEMORY_LEAK_LIMIT_MB", 512, "MiB from 1 to 65536", limit)?,
        })
    }
}

impl AsRef<service::Settings> for Settings {
    fn as_ref(&self) -> &service::Settings {
        &self.shared
    }
}
