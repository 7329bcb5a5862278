//! The environment as typed settings.

use sentry_context::client::Service;
use service::SettingsError;

pub use service::Settings;

/// What Sentry knows about this service.
pub static SERVICE: Service = Service {
    name: "analytics",
    release_name: "analytics-service",
    in_app: &["analytics"],
    panic_type: "RuntimeError",
    fingerprint_rules: include_str!("fingerprint.rules"),
    platform: service::PLATFORM,
};

/// Where it listens unless `PORT` says otherwise.
pub const PORT: u16 = 8084;

/// Reads the environment.
pub fn from_env() -> Result<Settings, SettingsError> {
    Settings::from_env(&SERVICE, PORT)
}
