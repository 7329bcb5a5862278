//! Which games there are.

use std::collections::HashMap;

use sentry_context::facts;
use sentry_context::step::Step;

use crate::error::{GameError, Result};

/// Opens a table of a game; its maximum stake, cents.
pub fn open(key: &str) -> Result<u64> {
    let _table = Step::silent("function", "open a table");
    max_stake(key)
}

/// The maximum stake of a game, cents.
pub fn max_stake(key: &str) -> Result<u64> {
    let games = HashMap::from([("classic-fruits", 10_000_u64), ("diamond-rush", 50_000)]);
    let data = facts([("key", key.into()), ("games", games.len().into())]);
    let _step = Step::begin("games", "looking up the game", data);
    Ok(*games.get(key).ok_or_else(|| GameError::UnknownGame { key: key.to_owned() })?)
}
