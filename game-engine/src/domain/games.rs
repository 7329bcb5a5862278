//! Which games there are.

use std::collections::HashMap;

use sentry_context::{breadcrumbs, facts};

use crate::error::{GameError, Result};

/// The maximum stake of a game, cents.
pub fn max_stake(key: &str) -> Result<u64> {
    let games = HashMap::from([("classic-fruits", 10_000_u64), ("diamond-rush", 50_000)]);
    breadcrumbs::step(
        "games",
        format!("looking up the game {key}"),
        facts([("key", key.into()), ("games", games.len().into())]),
    );
    Ok(*games.get(key).ok_or_else(|| GameError::UnknownGame { key: key.to_owned() })?)
}
