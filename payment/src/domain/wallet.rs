//! Wallets, and money that moves between them.

use std::cell::RefCell;

use sentry_context::step::Step;
use sentry_context::{contexts, facts};

/// A player's money.
#[derive(Debug)]
pub struct Wallet {
    owner: &'static str,
    cents: u64,
}

/// A wallet that holds so many cents.
pub fn wallet(owner: &'static str, cents: u64) -> RefCell<Wallet> {
    RefCell::new(Wallet { owner, cents })
}

/// Moves cents from one wallet to another; what is left in the first, cents.
///
/// # Panics
/// When both are the same wallet: nobody thought of a player who sends money to themselves.
#[inline(never)]
pub fn transfer(from: &RefCell<Wallet>, to: &RefCell<Wallet>, cents: u64) -> u64 {
    let data = facts([
        ("from", from.borrow().owner.into()),
        ("to", to.borrow().owner.into()),
        ("cents", cents.into()),
    ]);
    contexts::set("transfer", data.clone());
    let _transfer = Step::begin("wallet", "transferring between two wallets", data);
    let _wallets = Step::silent("function", "take both wallets");
    let mut debited = from.borrow_mut();
    let mut credited = to.borrow_mut();
    let moved = cents.min(debited.cents);
    debited.cents -= moved;
    credited.cents += moved;
    debited.cents
}
