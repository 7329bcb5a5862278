//! What can go wrong in the game, and how it is reported.

use std::num::ParseFloatError;

use sentry_context::report::{Reportable, Traced};
use sentry_context::{Facts, facts};
use tokio::time::error::Elapsed;

/// A result of the domain: the error carries the stack of the line that failed.
pub type Result<T> = std::result::Result<T, Traced<GameError>>;

/// Failures of the game.
#[derive(Debug, thiserror::Error)]
pub enum GameError {
    /// A stake that cannot be read.
    #[error("the stake `{text}` is not a number")]
    StakeNotANumber {
        /// What was given.
        text: String,
        /// Why it does not parse.
        source: ParseFloatError,
    },
    /// A stored player profile of another shape.
    #[error("the player profile has unexpected types")]
    ProfileShape(#[source] serde_json::Error),
    /// A reel stopped beyond its strip.
    #[error("reel {reel} stopped at position {stop}, but its strip has {len} symbols")]
    StopBeyondStrip {
        /// Which reel.
        reel: usize,
        /// Where it stopped.
        stop: usize,
        /// Length of its strip.
        len: usize,
    },
    /// A game nobody configured.
    #[error("no game is configured under the key `{key}`")]
    UnknownGame {
        /// The key.
        key: String,
    },
    /// Return to player without any bets.
    #[error("return to player is undefined: {paid} paid out over a total of 0 wagered")]
    NothingWagered {
        /// Paid out, cents.
        paid: u64,
    },
    /// A jackpot that the pool cannot pay.
    #[error("the jackpot `{jackpot}` cannot be settled")]
    JackpotUnsettled {
        /// Which jackpot.
        jackpot: &'static str,
        /// Why.
        source: LedgerError,
    },
    /// A settlement step that the ledger refused.
    #[error("the bonus of the spin could not be booked")]
    BonusRefused(#[source] LedgerError),
    /// The leaderboard took too long.
    #[error("the leaderboard did not answer within {limit_ms} ms")]
    LeaderboardTimeout {
        /// How long it was given, milliseconds.
        limit_ms: u64,
        /// The timer.
        source: Elapsed,
    },
    /// The replay cache is full.
    #[error("the replay cache may not grow beyond {limit_mb} MB")]
    ReplayCacheFull {
        /// Its limit, MiB.
        limit_mb: u32,
        /// What it holds, MiB.
        held_mb: u64,
        /// What was asked for, MiB.
        asked_mb: u64,
    },
    /// A thread of the server ended by itself.
    #[error("background work did not finish")]
    WorkLost(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What the ledger says.
#[derive(Debug, thiserror::Error)]
#[error("insufficient funds: {requested} requested, {available} available")]
pub struct LedgerError {
    /// Cents asked for.
    pub requested: u64,
    /// Cents there.
    pub available: u64,
}

impl Reportable for GameError {
    fn type_name(&self) -> &'static str {
        match self {
            Self::StakeNotANumber { .. } => "ValueError",
            Self::ProfileShape(_) => "TypeError",
            Self::StopBeyondStrip { .. } => "IndexError",
            Self::UnknownGame { .. } => "KeyError",
            Self::NothingWagered { .. } => "ZeroDivisionError",
            Self::JackpotUnsettled { .. } => "GameEngineError",
            Self::BonusRefused(_) | Self::WorkLost(_) => "RuntimeError",
            Self::LeaderboardTimeout { .. } => "TimeoutError",
            Self::ReplayCacheFull { .. } => "MemoryError",
        }
    }

    fn status(&self) -> u16 {
        if matches!(self, Self::ReplayCacheFull { .. }) { 507 } else { 500 }
    }

    fn tags(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::JackpotUnsettled { .. } => vec![("error.code", "GAME_001".to_owned())],
            _ => Vec::new(),
        }
    }

    fn context(&self) -> Option<(&'static str, Facts)> {
        match self {
            Self::JackpotUnsettled { jackpot, source } => Some((
                "game_engine_error",
                facts([
                    ("code", "GAME_001".into()),
                    ("jackpot", (*jackpot).into()),
                    ("requested_cents", source.requested.into()),
                    ("available_cents", source.available.into()),
                ]),
            )),
            Self::LeaderboardTimeout { limit_ms, .. } => Some((
                "timeout_context",
                facts([("waited_for", "leaderboard".into()), ("limit_ms", (*limit_ms).into())]),
            )),
            Self::ReplayCacheFull { limit_mb, held_mb, asked_mb } => Some((
                "memory_leak",
                facts([
                    ("limit_mb", (*limit_mb).into()),
                    ("total_leaked_mb", (*held_mb).into()),
                    ("asked_mb", (*asked_mb).into()),
                ]),
            )),
            Self::StakeNotANumber { text, .. } => Some(("wager", facts([("stake", text.as_str().into())]))),
            Self::ProfileShape(source) => Some((
                "player_profile",
                facts([("line", source.line().into()), ("column", source.column().into())]),
            )),
            Self::StopBeyondStrip { reel, stop, len } => Some((
                "reel",
                facts([("reel", (*reel).into()), ("stop", (*stop).into()), ("strip_length", (*len).into())]),
            )),
            Self::UnknownGame { key } => Some(("game_lookup", facts([("key", key.as_str().into())]))),
            Self::NothingWagered { paid } => {
                Some(("rtp", facts([("paid_cents", (*paid).into()), ("wagered_cents", 0.into())])))
            }
            Self::BonusRefused(source) => Some((
                "ledger",
                facts([
                    ("requested_cents", source.requested.into()),
                    ("available_cents", source.available.into()),
                ]),
            )),
            Self::WorkLost(_) => None,
        }
    }

    fn answer(&self) -> Facts {
        match self {
            Self::JackpotUnsettled { .. } => facts([("code", "GAME_001".into())]),
            _ => Facts::new(),
        }
    }
}
