//! The environment as typed settings.

use std::time::Duration;

use sentry_context::client::Service;
use sentry_context::env;
use service::SettingsError;
use variable::{Allowed, Shown, Variable};

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

static DAY_REPORT_MINUTES: Variable = Variable {
    name: "DAY_REPORT_MINUTES",
    about: "how often the job runs that reports the figures of the day, and checks in at its monitor; it needs the database",
    default: Some("5"),
    allowed: Allowed::Number { what: "whole minutes", min: 1.0, max: 1_440.0, zero: Some("never") },
    shown: Shown::Whole,
};

/// Everything that [`Settings::from_env`] reads.
pub fn variables() -> Vec<&'static Variable> {
    service::variables(&PORT, &[&DAY_REPORT_MINUTES])
}

/// Everything that can be configured from outside.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What every service has.
    pub shared: service::Settings,
    /// Between two reports of the day; `None` makes none.
    pub day_report: Option<Duration>,
}

impl Settings {
    /// Reads the environment.
    pub fn from_env() -> Result<Self, SettingsError> {
        let minutes: u64 = env::parsed(&DAY_REPORT_MINUTES)?;
        Ok(Self {
            shared: service::Settings::from_env(&SERVICE, &PORT)?,
            day_report: (minutes > 0).then(|| Duration::from_secs(60 * minutes)),
        })
    }
}

impl AsRef<service::Settings> for Settings {
    fn as_ref(&self) -> &service::Settings {
        &self.shared
    }
}
