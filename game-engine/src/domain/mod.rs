//! The game itself: plausible code, and where it breaks.

pub mod audit;
pub mod games;
pub mod jackpot;
pub mod payout;
pub mod paytable;
pub mod played;
pub mod player;
pub mod reels;
pub mod replay_cache;
pub mod rolling;
pub mod rtp;
pub mod session;
pub mod settlement;
pub mod simulation;
pub mod spin;
pub mod symbol;
pub mod unstored;
pub mod wager;
