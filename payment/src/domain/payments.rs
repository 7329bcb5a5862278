//! Stored payments.

use database::Database;
use database::mongodb::bson::{Document, doc};
use sentry_context::facts;
use sentry_context::step::Step;
use serde::Deserialize;

use crate::error::{PaymentError, Result};

const COLLECTION: &str = "payments";

/// A payment as the service before this one stored it: with the amount as text.
pub const STORED: &str = r#"{"payment_id":"p-1042","amount":"25.00"}"#;

/// A payment.
#[derive(Debug, Deserialize)]
pub struct Payment {
    /// Its number.
    pub payment_id: String,
    /// What was paid.
    pub amount: f64,
}

/// Refunds a stored payment; what goes back.
pub fn refund(stored: &str) -> Result<Payment> {
    let _refund = Step::silent("function", "refund a payment");
    decode(stored)
}

/// Reads a stored payment.
pub fn decode(stored: &str) -> Result<Payment> {
    let _step = Step::begin("payments", "decoding a stored payment", facts([("bytes", stored.len().into())]));
    Ok(serde_json::from_str(stored).map_err(PaymentError::RecordShape)?)
}

/// Whether a disputed amount is that of a payment.
pub async fn settle_dispute(database: &Database, amount: f64) -> Result<bool> {
    let _dispute = Step::silent("function", "settle a dispute");
    Ok(find_about(database, amount).await?.is_some())
}

/// A payment of about that amount. The operator is one that no server knows: MongoDB compares exactly.
pub async fn find_about(database: &Database, amount: f64) -> Result<Option<Document>> {
    let data = facts([("amount", amount.into()), ("operator", "$about".into())]);
    let _step = Step::begin("payments", "looking for a payment of about that amount", data);
    let payments = database.collection::<Document>(COLLECTION).map_err(PaymentError::Database)?;
    let about = payments.find_one(doc! { "amount": { "$about": amount } });
    Ok(database.run("findOne", COLLECTION, about).await.map_err(PaymentError::Database)?)
}
