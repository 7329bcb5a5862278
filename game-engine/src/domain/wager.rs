//! Stakes.

use sentry_context::facts;
use sentry_context::step::Step;

use crate::error::{GameError, Result};

/// Takes a bet; its stake.
pub fn take(stake: &str) -> Result<f64> {
    let _bet = Step::silent("function", "take the bet");
    parse_stake(stake)
}

/// Reads a stake as the lobby sends it.
pub fn parse_stake(text: &str) -> Result<f64> {
    let _step = Step::begin("wager", "reading the stake", facts([("text", text.into())]));
    Ok(text.parse().map_err(|source| GameError::StakeNotANumber { text: text.to_owned(), source })?)
}
