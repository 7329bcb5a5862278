//! The environment as typed settings.

use sentry_context::client::Service;
use service::SettingsError;
use variable::Variable;

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

/// The port that it listens on.
pub static PORT: Variable = service::port("8084");

/// Everything that [`from_env`] reads.
pub fn variables() -> Vec<&'static Variable> {
    service::variables(&PORT, &[])
}

/// Reads the environment.
pub fn from_env() -> Result<Settings, SettingsError> {
    Settings::from_env(&SERVICE, &PORT)
}
