//! Stakes.

use sentry_context::{breadcrumbs, facts};

use crate::error::{GameError, Result};

/// Reads a stake as the lobby sends it.
pub fn parse_stake(text: &str) -> Result<f64> {
    breadcrumbs::step("wager", "reading the stake", facts([("text", text.into())]));
    Ok(text.parse().map_err(|source| GameError::StakeNotANumber { text: text.to_owned(), source })?)
}
