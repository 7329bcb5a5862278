//! What payment books: plausible code, and where it breaks.

pub mod fraud;
pub mod payments;
pub mod receipts;
pub mod referrals;
pub mod session;
pub mod settlement;
pub mod wallet;
pub mod webhooks;
