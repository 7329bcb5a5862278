//! What can go wrong with payments, and how it is reported.

use std::num::ParseFloatError;

use database::DatabaseError;
use sentry_context::report::{Reportable, Traced};
use sentry_context::sentry::Level;
use sentry_context::{Facts, facts};
use tokio::task::JoinError;

/// A result of the domain: the error carries the stack of the line that failed.
pub type Result<T> = std::result::Result<T, Traced<PaymentError>>;

/// Failures of the payment service.
#[derive(Debug, thiserror::Error)]
pub enum PaymentError {
    /// A confirmation that cannot be read, in a task that nobody awaits.
    #[error("the provider confirmed a payout with the amount `{amount}`, which is not a number")]
    Unconfirmed {
        /// What it said.
        amount: &'static str,
        /// Why it does not parse.
        source: ParseFloatError,
    },
    /// A settlement that the account does not cover.
    #[error("payouts of {payouts} cents cannot be settled: the merchant account holds {balance}")]
    Uncovered {
        /// To be paid out, cents.
        payouts: u64,
        /// There, cents.
        balance: u64,
    },
    /// A stored payment of an unexpected shape.
    #[error("the stored payment has unexpected types")]
    RecordShape(#[source] serde_json::Error),
    /// A referral chain without end.
    #[error("the referral chain is deeper than the call stack: it refers back to itself")]
    ChainTooDeep {
        /// Calls made when the guard saw the stack's end.
        depth: u32,
        /// Stack left then, bytes.
        left: usize,
        /// What must be left, bytes.
        reserve: usize,
    },
    /// The receipt archive is full.
    #[error("the receipt archive may not grow beyond {limit_mb} MB")]
    ArchiveFull {
        /// Its limit, MiB.
        limit_mb: u32,
        /// What it holds, MiB.
        held_mb: u64,
        /// What was asked for, MiB.
        asked_mb: u64,
    },
    /// The payment processor outside did not approve.
    #[error("the payment processor refused the payment; nothing was booked")]
    ProcessorRefused,
    /// The payment provider was not reached, or did not answer in time.
    #[error("the payment provider did not answer; nothing was booked")]
    ProviderUnreachable(#[source] reqwest::Error),
    /// Balances are in memory, and there is no room for another account.
    #[error("no account can be opened: balances are in memory, which has room for {accounts} accounts")]
    NoRoom {
        /// Accounts that there are.
        accounts: usize,
    },
    /// An account that was opened and is not there.
    #[error("the account that was just opened is gone")]
    NoAccount,
    /// An account whose balance no payment may touch.
    #[error("the account's balance {found}; it must be a number within ten trillion of zero")]
    UnreadableBalance {
        /// What is there in its place.
        found: &'static str,
    },
    /// No place is left among the unconfirmed payments.
    #[error("the payment cannot be booked: too many payments are unconfirmed")]
    TooManyUnconfirmed {
        /// How many wait for the database.
        waiting: usize,
    },
    /// No database was reached for a booking.
    #[error("the payment cannot be booked: {0}")]
    LedgerUnavailable(DatabaseError),
    /// The database refused, or is not there.
    #[error(transparent)]
    Database(DatabaseError),
    /// A task of the server ended by itself.
    #[error("background work did not finish")]
    WorkLost(#[source] JoinError),
}

impl PaymentError {
    /// May the database have booked the payment all the same, or do so yet?
    pub(crate) fn may_be_booked(&self) -> bool {
        matches!(self, Self::LedgerUnavailable(error) if error.may_be_done())
    }
}

impl Reportable for PaymentError {
    fn type_name(&self) -> &'static str {
        match self {
            Self::Unconfirmed { .. } => "ConfirmationError",
            Self::Uncovered { .. } => "SettlementError",
            Self::RecordShape(_) => "TypeError",
            Self::ChainTooDeep { .. } => "RangeError",
            Self::ArchiveFull { .. } => "MemoryError",
            Self::ProcessorRefused | Self::ProviderUnreachable(_) => "PaymentProcessorError",
            Self::NoRoom { .. } => "LedgerFullError",
            Self::NoAccount | Self::UnreadableBalance { .. } => "AccountError",
            Self::TooManyUnconfirmed { .. } => "UnconfirmedPaymentsError",
            Self::Database(error) | Self::LedgerUnavailable(error) => error.type_name(),
            Self::WorkLost(_) => "RuntimeError",
        }
    }

    fn level(&self) -> Level {
        if matches!(self, Self::ChainTooDeep { .. }) { Level::Fatal } else { Level::Error }
    }

    fn handled(&self) -> bool {
        !matches!(self, Self::Unconfirmed { .. })
    }

    fn mechanism(&self) -> &'static str {
        match self {
            Self::Unconfirmed { .. } => "unawaited_task",
            Self::ChainTooDeep { .. } => "stack_guard",
            _ => "generic",
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::ArchiveFull { .. } => 507,
            Self::LedgerUnavailable(_) | Self::TooManyUnconfirmed { .. } | Self::NoRoom { .. } => 503,
            _ => 500,
        }
    }

    fn tags(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Database(error) | Self::LedgerUnavailable(error) => error.tags(),
            _ => Vec::new(),
        }
    }

    fn context(&self) -> Option<(&'static str, Facts)> {
        match self {
            Self::Unconfirmed { amount, .. } => {
                Some(("confirmation", facts([("amount", (*amount).into()), ("awaited", false.into())])))
            }
            Self::Uncovered { payouts, balance } => Some((
                "settlement",
                facts([("payouts_cents", (*payouts).into()), ("balance_cents", (*balance).into())]),
            )),
            Self::RecordShape(source) => Some((
                "stored_payment",
                facts([("line", source.line().into()), ("column", source.column().into())]),
            )),
            Self::ChainTooDeep { depth, left, reserve } => Some((
                "stack_overflow",
                facts([
                    ("depth_reached", (*depth).into()),
                    ("stack_left_bytes", (*left).into()),
                    ("reserve_bytes", (*reserve).into()),
                ]),
            )),
            Self::ArchiveFull { limit_mb, held_mb, asked_mb } => Some((
                "memory_leak",
                facts([
                    ("limit_mb", (*limit_mb).into()),
                    ("estimated_total_leak_mb", (*held_mb).into()),
                    ("asked_mb", (*asked_mb).into()),
                ]),
            )),
            Self::UnreadableBalance { found } => Some(("account", facts([("balance", (*found).into())]))),
            Self::TooManyUnconfirmed { waiting } => {
                Some(("unconfirmed_payments", facts([("payments", (*waiting).into())])))
            }
            Self::Database(error) | Self::LedgerUnavailable(error) => error.context(),
            Self::NoRoom { accounts } => Some(("ledger", facts([("accounts", (*accounts).into())]))),
            Self::ProcessorRefused | Self::ProviderUnreachable(_) | Self::NoAccount | Self::WorkLost(_) => {
                None
            }
        }
    }

    fn answer(&self) -> Facts {
        match self {
            Self::ChainTooDeep { depth, .. } => facts([("depth_reached", (*depth).into())]),
            Self::Database(error) => {
                let reason = std::error::Error::source(error).map(ToString::to_string);
                facts([("details", reason.into())])
            }
            _ => Facts::new(),
        }
    }
}
