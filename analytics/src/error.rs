//! What can go wrong anywhere in the service. Failures of one part are reported beside its code, in [`crate::domain`].

use sentry_context::report::Reportable;
use tokio::task::JoinError;

/// Work on another thread that ended without a result.
#[derive(Debug, thiserror::Error)]
#[error("background work did not finish")]
pub struct WorkLost(#[from] JoinError);

impl Reportable for WorkLost {
    fn type_name(&self) -> &'static str {
        "RuntimeError"
    }
}
