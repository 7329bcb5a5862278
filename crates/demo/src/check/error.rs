//! Why a check cannot run; none of these says anything about a promise.

use reqwest::StatusCode;

use crate::stage::StageError;

/// The check could not run.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The events go where they cannot be read.
    #[error(
        "SENTRY_DSN is set, so the events would go there, where the check cannot read them: \
         unset it, or check services that send to an inbox with --url and --inbox"
    )]
    EventsElsewhere,
    /// The HTTP client could not be made.
    #[error("no HTTP client: {0}")]
    Http(#[source] reqwest::Error),
    /// Inbox and services could not be started.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// A service that the check started does not serve.
    #[error("{service} did not start: {reason}")]
    NotStarted {
        /// Its name.
        service: &'static str,
        /// What it said.
        reason: String,
    },
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
    #[error("{url} answered something else than expected: {reason}")]
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
