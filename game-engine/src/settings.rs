//! The environment as typed settings.

use sentry_context::client::Service;
use sentry_context::env;
use service::{MEMORY_LEAK_LIMIT_MB, SettingsError};
use variable::{Allowed, Shown, Variable};

use crate::domain::payout::Flags;

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

/// A flag of the game's domain. Release 1.1.0 is meant to be rolled out with it, and goes wrong.
pub static NEW_PAYTABLE: Variable = Variable {
    name: "FEATURE_NEW_PAYTABLE",
    about: "the feature flag `new_paytable`: wins are paid by a paytable that fails for one symbol",
    default: Some("off"),
    allowed: Allowed::OneOf(&["on", "off"]),
    shown: Shown::Whole,
};

/// Everything that [`Settings::from_env`] reads.
pub fn variables() -> Vec<&'static Variable> {
    service::variables(&PORT, &[&MEMORY_LEAK_LIMIT_MB, &NEW_PAYTABLE])
}

/// Everything that can be configured from outside.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What every service has.
    pub shared: service::Settings,
    /// How much the leak may hold, MiB.
    pub memory_leak_limit_mb: u32,
    /// The feature flags.
    pub flags: Flags,
}

impl Settings {
    /// Reads the environment.
    pub fn from_env() -> Result<Self, SettingsError> {
        Ok(Self {
            shared: service::Settings::from_env(&SERVICE, &PORT)?,
            memory_leak_limit_mb: env::parsed(&MEMORY_LEAK_LIMIT_MB)?,
            flags: Flags { new_paytable: env::parsed::<String>(&NEW_PAYTABLE)? == "on" },
        })
    }
}

impl AsRef<service::Settings> for Settings {
    fn as_ref(&self) -> &service::Settings {
        &self.shared
    }
}
