//! A payment: what it changes, and how it is told.

use std::time::SystemTime;

use sentry_context::database::mongodb::bson::{DateTime, Document, doc};
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// A payment to be booked.
#[derive(Debug, Clone)]
pub struct Booking {
    /// The row's `_id`: the caller's key, or a new one.
    pub(super) id: String,
    /// Whether the caller may repeat it.
    pub(super) named: bool,
    pub(super) user_id: String,
    pub(super) bet: f64,
    pub(super) payout: f64,
    at: DateTime,
}

impl Booking {
    /// A payment of now.
    pub fn new(user_id: String, bet: f64, payout: f64, key: Option<String>) -> Self {
        let named = key.is_some();
        // Two users may choose the same key.
        let id = key.map_or_else(|| Uuid::new_v4().to_string(), |key| format!("{user_id}:{key}"));
        Self { id, named, user_id, bet, payout, at: DateTime::from(SystemTime::now()) }
    }

    /// The row's `_id`.
    pub(in super::super) fn id(&self) -> &str {
        &self.id
    }

    /// Can its caller repeat it?
    pub(in super::super) fn is_named(&self) -> bool {
        self.named
    }

    /// How the balance changes.
    pub(super) fn change(&self) -> f64 {
        self.payout - self.bet
    }

    /// `WIN` or `LOSS`.
    pub fn kind(&self) -> &'static str {
        if self.change() > 0.0 { "WIN" } else { "LOSS" }
    }

    /// The row, without the balance.
    pub(super) fn row(&self) -> Document {
        doc! {
            "_id": &self.id,
            "user_id": &self.user_id,
            "type": self.kind(),
            "amount": self.change().abs(),
            "bet": self.bet,
            "payout": self.payout,
            "timestamp": self.at,
        }
    }

    /// What others are told, and by which routing key.
    pub fn message(&self, balance: f64) -> (&'static str, Map<String, Value>) {
        let (key, kind) = match self.kind() {
            "WIN" => ("payment.credit", "credit"),
            _ => ("payment.debit", "debit"),
        };
        let data = json!({
            "_id": self.id,
            "userId": self.user_id,
            "amount": self.change().abs(),
            "bet": self.bet,
            "payout": self.payout,
            "balance_after": balance,
            "timestamp": self.at.try_to_rfc3339_string().unwrap_or_default(),
        });
        let message = [
            ("type".to_owned(), kind.into()),
            ("data".to_owned(), data),
            ("timestamp".to_owned(), self.at.timestamp_millis().into()),
        ];
        (key, message.into_iter().collect())
    }
}
