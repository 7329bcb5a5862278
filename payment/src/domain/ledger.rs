//! Balances and transactions, which never disagree.
//!
//! A lone MongoDB server changes one document at a time, so a payment's one change is to its user: the balance, and in
//! the same document the row that is still to be written. Then the row is written, and the note of it removed. Whoever
//! ends in between leaves a note, and [`settle`] writes the row later.

mod booking;

use std::time::{Duration, SystemTime};

use sentry_context::database::mongodb::bson::{Bson, DateTime, Document, doc};
use sentry_context::database::mongodb::options::ReturnDocument;
use sentry_context::database::{Database, DatabaseError};

use crate::error::{PaymentError, Result};
pub use booking::Booking;

const USERS: &str = "users";
const TRANSACTIONS: &str = "transactions";

/// What a player starts with.
const STARTING_BALANCE: f64 = 1000.0;

/// Payments that a user's document remembers, for repeated calls that overtake the row.
const REMEMBERED: i32 = 100;

/// Older notes belong to nobody who still works on them.
const ABANDONED: Duration = Duration::from_secs(10);

/// The server's code for a key that is there already.
const DUPLICATE_KEY: i32 = 11_000;

/// What became of a payment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Booked {
    /// It is booked; the balance after it.
    Now(f64),
    /// An earlier call had booked it; the balance then.
    Before(f64),
    /// Its key belongs to another payment.
    Other,
}

/// Books a payment once.
pub async fn book(database: &Database, booking: &Booking) -> Result<Booked> {
    if booking.named
        && let Some(row) = row_of(database, &booking.id).await?
    {
        return Ok(repeated(booking, &row, row.get("balance_after").and_then(number)));
    }
    let balance = match change_balance(database, booking).await? {
        Some(balance) => balance,
        None => {
            open_account(database, &booking.user_id).await?;
            match change_balance(database, booking).await? {
                Some(balance) => balance,
                // The account is there: another call with this key has been faster.
                None => return noted(database, booking).await,
            }
        }
    };
    // The payment is applied. What fails from here on is made good by `settle`.
    if let Err(error) = write_row(database, booking.row(), Some(balance)).await {
        tracing::warn!(%error, id = booking.id, "the row of a payment will be written later");
    }
    Ok(Booked::Now(balance))
}

/// What the first call was answered.
fn repeated(booking: &Booking, row: &Document, balance: Option<f64>) -> Booked {
    let same = |name: &str, wanted: f64| row.get(name).and_then(number) == Some(wanted);
    match balance {
        Some(balance) if same("bet", booking.bet) && same("payout", booking.payout) => {
            Booked::Before(balance)
        }
        _ => Booked::Other,
    }
}

/// Changes the balance, and notes the row; the balance after it. `None` where there is no such user, or where the
/// payment is applied already.
async fn change_balance(database: &Database, booking: &Booking) -> Result<Option<f64>> {
    let filter = doc! { "user_id": &booking.user_id, "recent._id": { "$ne": &booking.id } };
    let change = doc! {
        "$inc": { "balance": booking.change() },
        "$push": {
            "pending": booking.row(),
            "recent": { "$each": [booking.row()], "$slice": -REMEMBERED },
        },
    };
    let users = users(database)?;
    let update = users
        .find_one_and_update(filter, change)
        .projection(doc! { "balance": 1 })
        .return_document(ReturnDocument::After);
    let user = database.run("findAndModify", USERS, update).await.map_err(unavailable)?;
    Ok(user.and_then(|user| user.get("balance").and_then(number)))
}

/// A payment that is applied, as its user's document remembers it.
async fn noted(database: &Database, booking: &Booking) -> Result<Booked> {
    let users = users(database)?;
    let find = users.find_one(doc! { "user_id": &booking.user_id });
    let user = database.run("findOne", USERS, find).await.map_err(unavailable)?;
    let (row, balance) =
        user.and_then(|user| remembered(&user, &booking.id)).ok_or(PaymentError::NoAccount)?;
    Ok(repeated(booking, &row, Some(balance)))
}

/// The balance after a payment is today's without what came later.
fn remembered(user: &Document, id: &str) -> Option<(Document, f64)> {
    let recent = user.get_array("recent").ok()?;
    let rows: Vec<_> = recent.iter().filter_map(Bson::as_document).collect();
    let index = rows.iter().position(|row| row.get_str("_id").is_ok_and(|it| it == id))?;
    let change = |row: &&Document| Some(number(row.get("payout")?)? - number(row.get("bet")?)?);
    let later: f64 = rows[index + 1..].iter().filter_map(change).sum();
    Some((rows[index].clone(), number(user.get("balance")?)? - later))
}

async fn open_account(database: &Database, user_id: &str) -> Result<()> {
    // Its `_id` keeps two calls at once from opening two accounts; those that others opened have theirs.
    let account = doc! { "_id": user_id, "balance": STARTING_BALANCE, "pending": [], "recent": [] };
    let start = doc! { "$setOnInsert": account };
    let users = users(database)?;
    let open = users.update_one(doc! { "user_id": user_id }, start).upsert(true);
    match database.run("update", USERS, open).await {
        // Somebody else opened it just now.
        Err(error) if error.code() == Some(DUPLICATE_KEY) => Ok(()),
        opened => Ok(opened.map(drop).map_err(unavailable)?),
    }
}

/// Writes a row, once, and removes the note of it.
async fn write_row(
    database: &Database,
    mut row: Document,
    balance: Option<f64>,
) -> std::result::Result<(), DatabaseError> {
    let id = row.get_str("_id").unwrap_or_default().to_owned();
    let user_id = row.get_str("user_id").unwrap_or_default().to_owned();
    row.insert("balance_after", balance);
    let transactions = database.collection::<Document>(TRANSACTIONS)?;
    match database.run("insert", TRANSACTIONS, transactions.insert_one(row)).await {
        Err(error) if error.code() != Some(DUPLICATE_KEY) => return Err(error),
        _ => {}
    }
    let users = database.collection::<Document>(USERS)?;
    let done = doc! { "$pull": { "pending": { "_id": id } } };
    database.run("update", USERS, users.update_one(doc! { "user_id": user_id }, done)).await.map(drop)
}

/// Which of these payments the users' documents remember, by their ids.
pub(super) async fn booked_among<'a>(
    database: &Database,
    bookings: impl Iterator<Item = &'a Booking> + Clone,
) -> std::result::Result<Vec<String>, DatabaseError> {
    let users: Vec<_> = bookings.clone().map(|booking| booking.user_id.as_str()).collect();
    let ids: Vec<_> = bookings.map(Booking::id).collect();
    let filter = doc! { "user_id": { "$in": users }, "recent._id": { "$in": &ids } };
    let users = database.collection::<Document>(USERS)?;
    let find = async {
        let (mut cursor, mut found) = (users.find(filter).await?, Vec::new());
        while cursor.advance().await? {
            found.push(cursor.deserialize_current()?);
        }
        Ok(found)
    };
    let found: Vec<Document> = database.run("find", USERS, find).await?;
    let rows = found.iter().filter_map(|user| user.get_array("recent").ok()).flatten();
    let remembered = rows.filter_map(|row| row.as_document()?.get_str("_id").ok());
    Ok(remembered.filter(|id| ids.contains(id)).map(str::to_owned).collect())
}

/// Undoes a payment, if it is booked.
pub(super) async fn take_back(
    database: &Database,
    booking: &Booking,
) -> std::result::Result<(), DatabaseError> {
    let this = doc! { "_id": &booking.id };
    let filter = doc! { "user_id": &booking.user_id, "recent._id": &booking.id };
    let change = doc! {
        "$inc": { "balance": -booking.change() },
        "$pull": { "pending": this.clone(), "recent": this.clone() },
    };
    let users = database.collection::<Document>(USERS)?;
    let undone = database.run("update", USERS, users.update_one(filter, change)).await?;
    if undone.matched_count > 0 {
        let transactions = database.collection::<Document>(TRANSACTIONS)?;
        database.run("delete", TRANSACTIONS, transactions.delete_one(this)).await?;
    }
    Ok(())
}

async fn row_of(database: &Database, id: &str) -> Result<Option<Document>> {
    let transactions = database.collection::<Document>(TRANSACTIONS).map_err(unavailable)?;
    let find = transactions.find_one(doc! { "_id": id });
    Ok(database.run("findOne", TRANSACTIONS, find).await.map_err(unavailable)?)
}

/// Writes the rows that others left as notes; how many.
pub async fn settle(database: &Database) -> std::result::Result<usize, DatabaseError> {
    let before = DateTime::from(SystemTime::now() - ABANDONED);
    let users = database.collection::<Document>(USERS)?;
    let abandoned = users.find_one(doc! { "pending.timestamp": { "$lt": before } });
    let Some(user) = database.run("findOne", USERS, abandoned).await? else { return Ok(0) };
    let pending = user.get_array("pending").map(Vec::as_slice).unwrap_or_default();
    let rows: Vec<_> = pending.iter().filter_map(Bson::as_document).collect();
    for row in &rows {
        let id = row.get_str("_id").unwrap_or_default();
        let balance = remembered(&user, id).map(|(_, balance)| balance);
        write_row(database, (*row).clone(), balance).await?;
    }
    Ok(rows.len())
}

/// The index that a payment needs: a user is found at once.
pub async fn ensure_indexes(database: &Database) -> std::result::Result<(), DatabaseError> {
    database.ensure_index(USERS, doc! { "user_id": 1 }).await
}

fn users(database: &Database) -> Result<sentry_context::database::mongodb::Collection<Document>> {
    Ok(database.collection::<Document>(USERS).map_err(unavailable)?)
}

/// Nothing can be booked. What the server refuses is a fault, and told as one.
fn unavailable(error: DatabaseError) -> PaymentError {
    if error.is_unreachable() {
        PaymentError::LedgerUnavailable(error)
    } else {
        PaymentError::Database(error)
    }
}

fn number(value: &Bson) -> Option<f64> {
    value.as_f64().or_else(|| value.as_i32().map(f64::from)).or_else(|| value.as_i64().map(|it| it as f64))
}
