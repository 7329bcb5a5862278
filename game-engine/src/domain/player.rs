//! Stored player profiles.

use sentry_context::facts;
use sentry_context::step::Step;
use serde::Deserialize;

use crate::error::{GameError, Result};

/// A profile as the store keeps it.
#[derive(Debug, Deserialize)]
pub struct Profile {
    /// Level in the loyalty programme.
    pub loyalty_level: u8,
}

/// Greets a player by what is stored of them; their loyalty level.
pub fn welcome(stored: &str) -> Result<u8> {
    let _player = Step::silent("function", "welcome the player");
    Ok(decode(stored)?.loyalty_level)
}

/// Reads a stored profile.
pub fn decode(stored: &str) -> Result<Profile> {
    let _step = Step::begin("player", "decoding the stored profile", facts([("bytes", stored.len().into())]));
    Ok(serde_json::from_str(stored).map_err(GameError::ProfileShape)?)
}
