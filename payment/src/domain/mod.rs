//! What payment books: plausible code, and where it breaks.

pub mod fraud;
pub mod ledger;
pub mod money;
pub mod payments;
pub mod processor;
pub mod receipts;
pub mod referrals;
pub mod session;
pub mod settlement;
pub mod unconfirmed;
pub mod wallet;
pub mod webhooks;
