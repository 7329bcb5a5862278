//! Why a check cannot run; none of these means that a promise is broken.

use reqwest::StatusCode;

/// The check could not run.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// Nobody answers there.
    #[error("{url} is not reachable: {reason}")]
    Unreachable {
        /// What was asked.
        url: String,
        /// What the system said.
        reason: String,
    },
    /// A service has no catalogue to check against.
    #[error("{url} has no catalogue of scenarios: {status}{}", hint(*status))]
    NoCatalogue {
        /// The service.
        url: String,
        /// Its answer.
        status: StatusCode,
    },
    /// The answer is not what this interface promises.
    #[error("{url} gave an unexpected answer: {reason}")]
    Unreadable {
        /// What was asked.
        url: String,
        /// What is wrong with the answer.
        reason: String,
    },
    /// `--only` selects nothing.
    #[error("no scenario matches `{pattern}`; there are:\n  {}", ids.join("\n  "))]
    NoMatch {
        /// The pattern.
        pattern: String,
        /// Every id there is.
        ids: Vec<String>,
    },
    /// The catalogues are empty.
    #[error("the catalogues hold no scenario")]
    NothingToCheck,
}

fn hint(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "; is DEBUG_ENDPOINTS off?",
        StatusCode::UNAUTHORIZED => "; put its token into DEBUG_TOKEN",
        _ => "",
    }
}
