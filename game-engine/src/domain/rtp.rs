//! Return to player.

use sentry_context::{breadcrumbs, facts};

use crate::error::{GameError, Result};

/// Percent of the wagered cents that were paid out.
pub fn return_to_player(paid: u64, wagered: u64) -> Result<u64> {
    breadcrumbs::step(
        "rtp",
        "computing return to player",
        facts([("paid", paid.into()), ("wagered", wagered.into())]),
    );
    Ok((paid * 100).checked_div(wagered).ok_or(GameError::NothingWagered { paid })?)
}
