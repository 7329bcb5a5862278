//! Stored player profiles.

use sentry_context::{breadcrumbs, facts};
use serde::Deserialize;

use crate::error::{GameError, Result};

/// A profile as the store keeps it.
#[derive(Debug, Deserialize)]
pub struct Profile {
    /// Level in the loyalty programme.
    pub loyalty_level: u8,
}

/// Reads a stored profile.
pub fn decode(stored: &str) -> Result<Profile> {
    breadcrumbs::step("player", "decoding the stored profile", facts([("bytes", stored.len().into())]));
    Ok(serde_json::from_str(stored).map_err(GameError::ProfileShape)?)
}
