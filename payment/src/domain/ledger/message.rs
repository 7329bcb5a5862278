//! The message about a payment. It is published once the payment is booked, before its row is written: whoever ends in
//! between leaves the note of the row, and whoever settles that publishes it again. A call that is repeated at once does
//! so, too. So a message may come twice, and consumers know it by the `_id` of the row.

use std::time::{Duration, SystemTime};

use broker::Publisher;
use database::mongodb::bson::{DateTime, Document};
use serde_json::{Map, Value, json};

use super::{Booking, Receipt};
use crate::domain::money::Money;

/// No request still works on a note that is older than this.
pub const ABANDONED: Duration = Duration::from_secs(8);

/// How long a payment's message may have been lost together with its process: later, its note has been settled.
/// Consumers do not know the messages of long ago any more, so those are never published again.
const REPEATED: Duration = ABANDONED.saturating_mul(2);

/// Publishes the message about a booked payment.
pub(super) fn publish(publisher: &Publisher, row: &Document) {
    // Earlier versions left no notes of other shapes; other programs may.
    if let Some((routing_key, message)) = of(row) {
        publisher.publish(routing_key, message);
    }
}

/// Publishes it once more, if the first call may have ended before it could.
pub(super) fn publish_again(publisher: &Publisher, booking: &Booking, entry: &Document, receipt: Receipt) {
    let since = DateTime::from(SystemTime::now() - REPEATED);
    if receipt.at < since {
        return;
    }
    let mut row = booking.row(receipt);
    row.extend(entry.get("_id").map(|id| ("_id".to_owned(), id.clone())));
    publish(publisher, &row);
}

/// A row as its message, and the routing key of that.
fn of(row: &Document) -> Option<(&'static str, Map<String, Value>)> {
    let (key, kind) = match row.get_str("type").ok()? {
        "WIN" => ("payment.credit", "credit"),
        "LOSS" => ("payment.debit", "debit"),
        _ => return None,
    };
    let amount = |name: &str| row.get(name).and_then(Money::of_bson).map(Money::as_f64);
    let at = row.get_datetime("timestamp").ok()?;
    let data = json!({
        "_id": row.get_str("_id").ok()?,
        "userId": row.get_str("user_id").ok()?,
        "amount": amount("amount")?,
        "bet": amount("bet")?,
        "payout": amount("payout")?,
        "balance_after": amount("balance_after")?,
        "timestamp": at.try_to_rfc3339_string().unwrap_or_default(),
    });
    let message = [("type", kind.into()), ("data", data), ("timestamp", at.timestamp_millis().into())];
    Some((key, message.map(|(name, value)| (name.to_owned(), value)).into_iter().collect()))
}
