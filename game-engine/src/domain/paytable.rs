//! What a line pays.

use sentry_context::step::Step;
use sentry_context::{contexts, facts};

/// Multipliers by symbol. The sixth symbol's row was forgotten in the release that added it.
const MULTIPLIERS: [u32; 5] = [2, 3, 4, 5, 10];

/// Symbols as the reels number them.
#[derive(Debug, Clone, Copy)]
#[repr(u8)]
pub enum Symbol {
    /// 🍒
    Cherry,
    /// 🍋
    Lemon,
    /// 🍊
    Orange,
    /// 🍇
    Grape,
    /// ⭐
    Star,
    /// 💎, added last.
    Diamond,
}

/// The payout of three alike.
///
/// # Panics
/// When the paytable has no row for the symbol.
pub fn payout(symbol: Symbol, stake_cents: u64) -> u64 {
    let data = facts([
        ("symbol", format!("{symbol:?}").into()),
        ("stake_cents", stake_cents.into()),
        ("rows", MULTIPLIERS.len().into()),
    ]);
    contexts::set("paytable", data.clone());
    let _line = Step::begin("paytable", "paying a winning line", data);
    stake_cents * u64::from(multiplier(symbol))
}

#[inline(never)]
fn multiplier(symbol: Symbol) -> u32 {
    let _row = Step::silent("function", "look up the multiplier");
    MULTIPLIERS[symbol as usize]
}
