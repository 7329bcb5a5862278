//! The jackpot and the ledger behind it.

use sentry_context::facts;
use sentry_context::step::Step;

use crate::error::{GameError, LedgerError, Result};

/// What the pool holds, cents.
const POOL: u64 = 250_000;

/// Pays a jackpot out of the pool; what is left, cents.
pub fn settle(jackpot: &'static str, cents: u64) -> Result<u64> {
    let data = facts([("jackpot", jackpot.into()), ("cents", cents.into())]);
    let _step = Step::begin("jackpot", "settling the jackpot", data);
    Ok(withdraw(POOL, cents).map_err(|source| GameError::JackpotUnsettled { jackpot, source })?)
}

/// Takes cents out of an account.
pub(super) fn withdraw(available: u64, requested: u64) -> std::result::Result<u64, LedgerError> {
    let step = Step::silent("function", "withdraw from the ledger");
    step.set("requested_cents", requested.into());
    available.checked_sub(requested).ok_or(LedgerError { requested, available })
}
