//! Rows that are due: copied to `transactions`, published where their process could not, and their notes removed.

use std::time::SystemTime;

use broker::Publisher;
use database::mongodb::bson::{Bson, DateTime, Document, doc};
use database::{Database, DatabaseError};
use futures_util::future::try_join_all;

use super::commands::{TRANSACTIONS, USERS, insert, users};
use super::message::{self, ABANDONED};

/// Accounts that are settled at once.
const BATCH: i64 = 100;

/// Batches of one turn: 10,000 accounts.
const BATCHES: usize = 100;

/// Commands on their way at once.
const AT_ONCE: usize = 16;

/// Writes a row, unless it is there, and removes the note of it.
pub(super) async fn write(database: &Database, user_id: &str, row: &Document) -> Result<(), DatabaseError> {
    insert(database, TRANSACTIONS, row).await?;
    let (users, this) = (users(database)?, doc! { "_id": user_id });
    let done = doc! { "$pull": { "pending": { "_id": row.get_str("_id").unwrap_or_default() } } };
    database.run_idempotent("update", USERS, || users.update_one(this.clone(), done.clone())).await.map(drop)
}

/// Writes the rows that others left as notes, and publishes them; how many.
pub async fn settle(database: &Database, publisher: &Publisher) -> Result<usize, DatabaseError> {
    let before = DateTime::from(SystemTime::now() - ABANDONED);
    let mut settled = 0;
    for _ in 0..BATCHES {
        match settle_some(database, publisher, before).await? {
            0 => break,
            rows => settled += rows,
        }
    }
    Ok(settled)
}

async fn settle_some(
    database: &Database,
    publisher: &Publisher,
    before: DateTime,
) -> Result<usize, DatabaseError> {
    let users = users(database)?;
    let abandoned = doc! { "timestamp": { "$lt": before }, "_id": { "$type": "string" } };
    let filter = doc! { "pending": { "$elemMatch": abandoned } };
    let ids: Vec<_> = found(database, filter, doc! { "_id": 1 }).await?.iter().filter_map(id).collect();
    if ids.is_empty() {
        return Ok(0);
    }
    // From here on nobody cancels them: a cancelled payment must not get a row.
    let these = doc! { "_id": { "$in": ids } };
    let claim = doc! { "$set": { "pending.$[old].claimed": true } };
    let old = doc! { "old.timestamp": { "$lt": before } };
    let update = || users.update_many(these.clone(), claim.clone()).array_filters([old.clone()]);
    database.run_idempotent("update", USERS, update).await?;
    let accounts = found(database, these.clone(), doc! { "pending": 1 }).await?;
    let rows: Vec<_> = accounts.iter().flat_map(claimed).collect();
    for rows in rows.chunks(AT_ONCE) {
        try_join_all(rows.iter().map(|row| insert(database, TRANSACTIONS, row))).await?;
    }
    // As long as their notes are there.
    rows.iter().for_each(|row| message::publish(publisher, row));
    let written: Vec<_> = rows.iter().filter_map(id).collect();
    let done = doc! { "$pull": { "pending": { "_id": { "$in": written }, "claimed": true } } };
    database.run_idempotent("update", USERS, || users.update_many(these.clone(), done.clone())).await?;
    Ok(rows.len())
}

/// Accounts, some of them.
async fn found(
    database: &Database,
    filter: Document,
    parts: Document,
) -> Result<Vec<Document>, DatabaseError> {
    let users = users(database)?;
    let find = async || {
        let mut cursor = users.find(filter.clone()).projection(parts.clone()).limit(BATCH).await?;
        let mut found = Vec::new();
        while cursor.advance().await? {
            found.push(cursor.deserialize_current()?);
        }
        Ok(found)
    };
    database.run_idempotent("find", USERS, || Box::pin(find())).await
}

/// The rows of an account that are claimed, as they are written.
fn claimed(account: &Document) -> Vec<Document> {
    let pending = account.get_array("pending").map(Vec::as_slice).unwrap_or_default();
    let notes = pending.iter().filter_map(Bson::as_document);
    let claimed =
        notes.filter(|note| note.get_bool("claimed").is_ok_and(|it| it) && note.get_str("_id").is_ok());
    claimed
        .cloned()
        .map(|mut row| {
            row.remove("claimed");
            row
        })
        .collect()
}

fn id(document: &Document) -> Option<Bson> {
    document.get("_id").cloned()
}
