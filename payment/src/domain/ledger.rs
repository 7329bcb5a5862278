//! Balances and transactions, which never disagree.
//!
//! A lone MongoDB server changes one document at a time. So one update of the player's account does all that a payment
//! is: it changes the balance, remembers the payment in `recent`, and notes its row in `pending`. From then on the
//! payment is booked, whatever fails. What is left is to publish the message, to copy the row to `transactions`, and to
//! remove the note. Whoever ends in between leaves the note, and [`settle()`] does the rest.
//!
//! ```text
//!             apply                publish, write the row, remove the note
//! (nothing) ─────────▶ booked, due ───────────────────────────────────────▶ booked
//!     │                    │ undo
//!     │ fence              ▼
//!     └──────────────▶ cancelled
//! ```
//!
//! Each arrow but the last is one atomic update, and each may be repeated. `cancel` is for payments whose caller was
//! answered that nothing was booked. A payment that is being settled cannot be cancelled any more.

mod accounts;
mod booking;
mod cancel;
mod commands;
mod memory;
mod message;
mod settle;
mod store;

use broker::Publisher;
use database::mongodb::bson::{Bson, Document, doc};
use database::mongodb::options::ReturnDocument;
use database::{Database, DatabaseError};

use self::commands::{TRANSACTIONS, USERS};
use super::money::Money;
use crate::error::{PaymentError, Result};

pub use accounts::Sweep;
pub use booking::{Booking, Receipt};
pub(super) use cancel::{Cancelled, cancel};
pub use memory::Memory;
pub use message::ABANDONED;
pub use settle::settle;
pub use store::Ledger;

/// How often a payment that could not be booked is looked at: another call may have opened the account meanwhile.
const ROUNDS: usize = 3;

/// What became of a payment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Booked {
    /// This call booked it.
    Applied(Receipt),
    /// An earlier call with this key booked it; the balance then.
    Replayed(Money),
    /// Its key belongs to a payment of other amounts.
    KeyReused,
}

/// What an earlier call with this key did, if there was one.
pub async fn replay(database: &Database, publisher: &Publisher, booking: &Booking) -> Result<Option<Booked>> {
    if !booking.is_keyed() {
        return Ok(None);
    }
    let rows = commands::transactions(database).map_err(unavailable)?;
    let this = doc! { "_id": { "$in": booking.ids() }, "user_id": &booking.user_id };
    let row = database.run_idempotent("findOne", TRANSACTIONS, || rows.find_one(this.clone())).await;
    let row = row.map_err(unavailable)?;
    if let Some((row, then)) = row.as_ref().and_then(|row| Some((row, receipt(row)?))) {
        return repeated(publisher, booking, row, Ok(then.balance)).map(Some);
    }
    let Some(Account { entry, balance }) = account(database, booking).await? else { return Ok(None) };
    let Some(document) = row.or(entry) else { return Ok(None) };
    repeated(publisher, booking, &document, balance).map(Some)
}

/// Books a payment once, however often it is called.
pub async fn book(database: &Database, publisher: &Publisher, booking: &Booking) -> Result<Booked> {
    for _ in 0..ROUNDS {
        if let Some(receipt) = apply(database, booking).await? {
            return Ok(finished(database, publisher, booking, receipt).await);
        }
        match account(database, booking).await? {
            None => accounts::open(database, &booking.user_id).await.map_err(unavailable)?,
            Some(Account { entry: Some(entry), balance }) => {
                return match receipt(&entry) {
                    // An earlier attempt of this very call, whose answer was lost.
                    Some(receipt) if entry.get_str("call").is_ok_and(|call| call == booking.call) => {
                        Ok(finished(database, publisher, booking, receipt).await)
                    }
                    _ => repeated(publisher, booking, &entry, balance),
                };
            }
            Some(Account { balance: Err(found), .. }) => {
                return Err(PaymentError::UnreadableBalance { found }.into());
            }
            // Another call has opened it just now.
            Some(_) => {}
        }
    }
    Err(PaymentError::NoAccount.into())
}

/// Changes the balance, once. `None` if nothing was changed, for whatever reason.
async fn apply(database: &Database, booking: &Booking) -> Result<Option<Receipt>> {
    let users = commands::users(database).map_err(unavailable)?;
    let this = doc! { "_id": &booking.user_id, "recent._id": { "$nin": booking.ids() } };
    let this = commands::with_balance(this);
    let entry = doc! { "username": 1, "recent": { "$elemMatch": { "_id": &booking.id } } };
    let update = || {
        let update = users.find_one_and_update(this.clone(), commands::apply(booking));
        update.projection(entry.clone()).return_document(ReturnDocument::After)
    };
    let account = database.run_idempotent("findAndModify", USERS, update).await.map_err(unavailable)?;
    account.iter().for_each(|account| accounts::name_user(&booking.user_id, account));
    Ok(account.and_then(|account| receipt(account.get_array("recent").ok()?.first()?.as_document()?)))
}

/// A balance, or what is there in its place.
type Balance = std::result::Result<Money, &'static str>;

/// An account, as far as a payment is concerned.
struct Account {
    /// The payment, if the account remembers it.
    entry: Option<Document>,
    balance: Balance,
}

async fn account(database: &Database, booking: &Booking) -> Result<Option<Account>> {
    let users = commands::users(database).map_err(unavailable)?;
    let this = doc! { "_id": &booking.user_id };
    let parts =
        doc! { "balance": 1, "username": 1, "recent": { "$elemMatch": { "_id": { "$in": booking.ids() } } } };
    let find = || users.find_one(this.clone()).projection(parts.clone());
    let found = database.run_idempotent("findOne", USERS, find).await.map_err(unavailable)?;
    Ok(found.map(|account| {
        accounts::name_user(&booking.user_id, &account);
        let recent =
            account.get_array("recent").ok().and_then(|recent| recent.first()?.as_document().cloned());
        Account { entry: recent, balance: balance(account.get("balance")) }
    }))
}

fn balance(value: Option<&Bson>) -> Balance {
    match value {
        None => Err("is missing"),
        Some(Bson::Null) => Err("is null"),
        Some(Bson::String(_)) => Err("is a string"),
        Some(Bson::Double(number)) if number.is_nan() => Err("is not a number (NaN)"),
        Some(value @ (Bson::Double(_) | Bson::Int32(_) | Bson::Int64(_))) => {
            Money::of_bson(value).ok_or("is out of range")
        }
        Some(_) => Err("is of another type than a number"),
    }
}

fn receipt(document: &Document) -> Option<Receipt> {
    let balance = document.get("balance_after").and_then(Money::of_bson)?;
    Some(Receipt { balance, at: document.get_datetime("timestamp").copied().ok()? })
}

/// What the first call was answered. Earlier versions remembered no balances: there, today's stands in.
fn repeated(publisher: &Publisher, booking: &Booking, document: &Document, today: Balance) -> Result<Booked> {
    if !booking.has_amounts_of(document) {
        return Ok(Booked::KeyReused);
    }
    // An entry remembers the balance then, also while its row is still to be written.
    if let Some(receipt) = receipt(document) {
        message::publish_again(publisher, booking, document, receipt);
        return Ok(Booked::Replayed(receipt.balance));
    }
    Ok(Booked::Replayed(today.map_err(|found| PaymentError::UnreadableBalance { found })?))
}

/// Publishes a payment that is booked, and writes its row. What fails here is made good by [`settle()`].
async fn finished(database: &Database, publisher: &Publisher, booking: &Booking, receipt: Receipt) -> Booked {
    let row = booking.row(receipt);
    message::publish(publisher, &row);
    if let Err(error) = settle::write(database, &booking.user_id, &row).await {
        tracing::warn!(%error, id = booking.id, "the row of a payment will be written later");
    }
    Booked::Applied(receipt)
}

/// The indexes that payments need: for earlier accounts, and for rows that are due.
pub async fn ensure_indexes(database: &Database) -> std::result::Result<(), DatabaseError> {
    database.ensure_index(USERS, doc! { "user_id": 1 }).await?;
    database.ensure_index(USERS, doc! { "pending.timestamp": 1 }).await
}

/// Nothing can be booked. What the server refuses is a fault, and reported as one.
fn unavailable(error: DatabaseError) -> PaymentError {
    if error.is_unreachable() {
        PaymentError::LedgerUnavailable(error)
    } else {
        PaymentError::Database(error)
    }
}
