//! Why a request is refused.

use actix_web::http::StatusCode;

use super::RUNS_AT_ONCE;
use crate::services::GAME_ENGINE;

/// A request of the page that is refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refused {
    /// No catalogue has it.
    #[error("no service has a scenario of this id")]
    NoScenario,
    /// Its service is down.
    #[error("{0} is not serving")]
    NotServing(String),
    /// The platform cannot keep the promise.
    #[error("this scenario is not available: {0}")]
    Unavailable(String),
    /// A parameter that the scenario does not have, or that makes it another one.
    #[error("this scenario has no number `{0}`")]
    NoParameter(String),
    /// A number beyond the bounds.
    #[error("{name} must be a number from {min} to {max}")]
    OutOfBounds {
        /// The parameter.
        name: String,
        /// Least allowed.
        min: f64,
        /// Largest allowed.
        max: f64,
    },
    /// A number of calls that the page does not offer.
    #[error("times must be 1, 10 or 100, and 1 for a scenario that releases what is held")]
    Times,
    /// It runs already.
    #[error("this scenario is running already")]
    Running,
    /// Too much runs already.
    #[error("{RUNS_AT_ONCE} scenarios are running already; try again when one has ended")]
    Busy,
    /// The whole check runs.
    #[error("the check of all scenarios is running; try again when it has ended")]
    Checking,
    /// Scenarios run whose events the check would find.
    #[error("scenarios are running; try again when they have ended")]
    NotQuiet,
    /// A service would be left out.
    #[error("not every service is serving: {0}")]
    Incomplete(String),
    /// Not a version.
    #[error("a version has 1 to 32 letters, digits, dots, dashes and plus signs")]
    Version,
    /// Nothing would change.
    #[error("{GAME_ENGINE} {0} is deployed already")]
    Deployed(String),
    /// The version before runs already.
    #[error("no release is deployed that could be rolled back")]
    NoRelease,
    /// Another program runs the services.
    #[error("this demo did not start the services: deploy with the program that runs them")]
    NotSupervised,
    /// Options of the traffic that cannot be used.
    #[error("{0}")]
    Options(String),
    /// The body is not what the path takes.
    #[error("the body is not the JSON that this path takes: {0}")]
    BadBody(String),
}

impl Refused {
    /// The HTTP status of the refusal.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NoScenario => StatusCode::NOT_FOUND,
            Self::NoParameter(_)
            | Self::OutOfBounds { .. }
            | Self::Times
            | Self::Version
            | Self::Options(_)
            | Self::BadBody(_) => StatusCode::BAD_REQUEST,
            Self::Running
            | Self::NotSupervised
            | Self::Deployed(_)
            | Self::NoRelease
            | Self::Checking
            | Self::NotQuiet
            | Self::Unavailable(_) => StatusCode::CONFLICT,
            Self::Busy => StatusCode::TOO_MANY_REQUESTS,
            Self::NotServing(_) | Self::Incomplete(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}
