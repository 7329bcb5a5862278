//! What the ledger asks of the database, as commands of the database.
//!
//! Every command here may be executed twice with the same result, because the first of two attempts may have been
//! carried out although nobody heard the answer. So a broken connection costs another attempt, not the payment.

use database::mongodb::Collection;
use database::mongodb::bson::{Bson, Document, doc};
use database::{Database, DatabaseError};

use super::Booking;
use crate::domain::money::Money;

pub(super) const USERS: &str = "users";
pub(super) const TRANSACTIONS: &str = "transactions";

/// Payments that an account remembers, for repeated calls that overtake the row.
const REMEMBERED: i32 = 100;

pub(super) fn users(database: &Database) -> Result<Collection<Document>, DatabaseError> {
    database.collection(USERS)
}

pub(super) fn transactions(database: &Database) -> Result<Collection<Document>, DatabaseError> {
    database.collection(TRANSACTIONS)
}

/// Inserts unless a document with that `_id` is there; whether it was not.
pub(super) async fn insert(
    database: &Database,
    collection: &'static str,
    document: &Document,
) -> Result<bool, DatabaseError> {
    let documents = database.collection::<Document>(collection)?;
    match database.run_idempotent("insert", collection, || documents.insert_one(document)).await {
        Err(error) if error.is_duplicate_key() => Ok(false),
        inserted => inserted.map(|_| true),
    }
}

/// An account whose balance can be read: a number within [`Money::MAX`], which NaN is not.
pub(super) fn with_balance(mut filter: Document) -> Document {
    filter.insert("balance", doc! { "$gte": -Money::MAX, "$lte": Money::MAX });
    filter
}

/// The balance, changed by so many cents: read into whole cents and written as the double nearest to the sum, on the
/// server, as [`Money`] does it here.
fn changed_balance(cents: i64) -> Document {
    let balance = doc! { "$toLong": { "$round": [{ "$multiply": ["$balance", 100] }, 0] } };
    doc! { "$divide": [{ "$add": [balance, Bson::Int64(cents)] }, 100] }
}

/// Books: the balance changes, the account remembers the payment, and its row is noted as due. In one update, so all
/// of it or nothing.
pub(super) fn apply(booking: &Booking) -> Vec<Document> {
    // A user id may begin with `$`, which only a literal takes as text.
    let finished = |part: Document| {
        let added = doc! { "balance_after": "$balance", "timestamp": "$$NOW" };
        doc! { "$mergeObjects": [{ "$literal": part }, added] }
    };
    let due = doc! { "$concatArrays": [array("pending"), [finished(booking.due())]] };
    vec![
        doc! { "$set": { "balance": changed_balance(booking.change().as_cents()), "updated_at": "$$NOW" } },
        doc! { "$set": { "recent": remember(finished(booking.entry())), "pending": due } },
    ]
}

/// Makes sure that a payment that is not booked never will be: it is remembered as one that is cancelled.
pub(super) fn fence(booking: &Booking) -> Vec<Document> {
    vec![doc! { "$set": { "recent": remember(cancelled(booking)) } }]
}

/// Undoes a payment whose row is still due: the balance changes back, and it is remembered as cancelled.
pub(super) fn undo(booking: &Booking) -> Vec<Document> {
    let id = doc! { "$literal": &booking.id };
    let others = doc! { "$ne": ["$$this._id", id.clone()] };
    let due = doc! { "$filter": { "input": "$pending", "cond": others.clone() } };
    let recent = doc! { "$map": {
        "input": array("recent"),
        "in": { "$cond": [others, "$$this", cancelled(booking)] },
    } };
    let back = changed_balance(-booking.change().as_cents());
    vec![doc! { "$set": { "balance": back, "updated_at": "$$NOW", "pending": due, "recent": recent } }]
}

fn cancelled(booking: &Booking) -> Document {
    doc! { "_id": { "$literal": &booking.id }, "cancelled": true }
}

fn remember(entry: Document) -> Document {
    doc! { "$slice": [{ "$concatArrays": [array("recent"), [entry]] }, -REMEMBERED] }
}

/// A field that old accounts lack.
fn array(name: &str) -> Document {
    doc! { "$ifNull": [format!("${name}"), []] }
}
