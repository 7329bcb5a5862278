//! Return to player.

use sentry_context::facts;
use sentry_context::step::Step;

use crate::error::{GameError, Result};

/// Closes the books of a shift; its return to player, percent.
pub fn close_shift(paid: u64, bets: &[u64]) -> Result<u64> {
    let _books = Step::silent("function", "close the books");
    return_to_player(paid, bets.iter().sum())
}

/// Percent of the wagered cents that were paid out.
pub fn return_to_player(paid: u64, wagered: u64) -> Result<u64> {
    let data = facts([("paid", paid.into()), ("wagered", wagered.into())]);
    let _step = Step::begin("rtp", "computing return to player", data);
    Ok((paid * 100).checked_div(wagered).ok_or(GameError::NothingWagered { paid })?)
}
