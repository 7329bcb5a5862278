//! Who referred whom, and the bonus that goes up the chain.

use std::hint::black_box;

use sentry_context::step::Step;
use sentry_context::{breadcrumbs, facts};

use crate::error::{PaymentError, Result};

/// Each player and who referred them. The last one was made the first one's referrer: the chain has no end.
const REFERRED: [(&str, &str); 3] = [("alice", "bob"), ("bob", "carol"), ("carol", "alice")];

/// Stack that must be left for what comes after the guard: the error, its backtrace and the way out.
const RESERVE: usize = 128 * 1024;

/// The bonus of a deposit, cents: each referrer gets 5 % of what the one below them got.
pub fn bonus(player: &str, cents: u64) -> Result<u64> {
    let data = facts([("player", player.into()), ("deposit_cents", cents.into())]);
    let _step = Step::begin("referrals", "resolving the referral chain", data);
    let _climb = Step::silent("function", "climb the chain");
    up_the_chain(player, cents, 1)
}

/// The bonus of a deposit as it was computed before there was a guard: of this chain, until the stack ends.
pub fn unguarded_bonus() {
    black_box(all_the_way_up("alice", 100_000));
}

#[inline(never)]
fn all_the_way_up(player: &str, cents: u64) -> u64 {
    let referrer = REFERRED.iter().find(|(referred, _)| *referred == player);
    let above = referrer.map_or(0, |(_, referrer)| all_the_way_up(referrer, cents / 20));
    // Used after the call, so that the compiler cannot make a loop of the recursion.
    black_box(cents / 20) + above
}

/// The bonus of a player and of everybody above them.
#[inline(never)]
fn up_the_chain(player: &str, cents: u64, depth: u32) -> Result<u64> {
    // Where the stack's end is unknown, the recursion must not look for it.
    let left = stacker::remaining_stack().unwrap_or_default();
    if left < RESERVE {
        let data = facts([("depth", depth.into()), ("stack_left_bytes", left.into())]);
        breadcrumbs::warning("referrals", "the stack's end is near", data);
        return Err(PaymentError::ChainTooDeep { depth, left, reserve: RESERVE }.into());
    }
    let referrer = REFERRED.iter().find(|(referred, _)| *referred == player);
    let Some((_, referrer)) = referrer else { return Ok(0) };
    let above = up_the_chain(referrer, cents / 20, depth + 1)?;
    // Used after the call, so that the compiler cannot make a loop of the recursion.
    Ok(black_box(cents / 20) + above)
}
