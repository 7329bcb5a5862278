//! Accounts: one document of `users` per player, keyed by `_id`, as the services beside this one read and write it.
//!
//! Earlier versions of this service let the server choose the `_id`, and kept the player's id in `user_id`. Such a
//! document moves to the key that the others look for, with all its fields: it is inserted there, then deleted here.
//! A process that ends in between leaves both; the new one counts, and the next start deletes the old one.
//!
//! Where another program has opened an account at the key by itself, that account counts, and the earlier document stays
//! as it is, for a person to look at: nobody can know which of its money is in the other, too.

use database::mongodb::bson::{Bson, DateTime, Document, doc};
use database::{Database, DatabaseError};
use sentry_context::user;

use super::commands::{USERS, insert, users};
use crate::domain::money::Money;

/// What a player starts with.
pub(super) const STARTING_BALANCE: Money = Money::cents(100_000);

/// What the services beside this one call a player whose name they do not know.
const USERNAME: &str = "demo_player";

/// Earlier documents that are moved at once.
const BATCH: i64 = 100;

/// Opens a player's account, unless there is one: the earlier document, if there is one, else a new account.
pub(super) async fn open(database: &Database, user_id: &str) -> Result<(), DatabaseError> {
    let earlier = doc! { "user_id": user_id, "_id": { "$ne": user_id } };
    let (users, first) = (users(database)?, doc! { "_id": 1 });
    let found = database
        .run_idempotent("findOne", USERS, || users.find_one(earlier.clone()).sort(first.clone()))
        .await?;
    if let Some(earlier) = found {
        return adopt(database, user_id, earlier).await.map(drop);
    }
    let now = DateTime::now();
    let account = doc! { "$setOnInsert": {
        "username": USERNAME,
        "balance": STARTING_BALANCE.as_f64(),
        "created_at": now,
        "updated_at": now,
    } };
    let this = doc! { "_id": user_id };
    let open = || users.update_one(this.clone(), account.clone()).upsert(true);
    match database.run_idempotent("update", USERS, open).await {
        // Another call opened it just now.
        Err(error) if error.is_duplicate_key() => Ok(()),
        opened => opened.map(drop),
    }
}

/// Has events of this call say what the player is called, where the account knows it.
pub(super) fn name_user(user_id: &str, account: &Document) {
    if let Some(username) = account.get_str("username").ok().filter(|name| *name != USERNAME) {
        user::name(user_id, username);
    }
}

/// Moves an earlier document to the player's key; whether it is gone now.
async fn adopt(database: &Database, user_id: &str, earlier: Document) -> Result<bool, DatabaseError> {
    let (key, balance) = (earlier.get("_id").cloned(), earlier.get("balance").cloned());
    let origin = doc! { "_id": key.clone(), "balance": balance };
    // Not if another program has changed it since it was read.
    let unchanged = if insert(database, USERS, &moved(user_id, &earlier, &origin)).await? {
        earlier
    } else if is_there(database, doc! { "_id": user_id, "moved_from": origin.clone() }).await? {
        origin
    } else {
        return Ok(false);
    };
    let users = users(database)?;
    database.run_idempotent("delete", USERS, || users.delete_one(unchanged.clone())).await?;
    Ok(!is_there(database, doc! { "_id": key }).await?)
}

async fn is_there(database: &Database, filter: Document) -> Result<bool, DatabaseError> {
    let users = users(database)?;
    Ok(database.run_idempotent("findOne", USERS, || users.find_one(filter.clone())).await?.is_some())
}

/// The document at the player's key: the earlier one, and what the services beside this one expect.
fn moved(user_id: &str, earlier: &Document, origin: &Document) -> Document {
    let now = DateTime::now();
    let opened = earlier.get_object_id("_id").map_or(now, |id| id.timestamp());
    let mut account = doc! { "_id": user_id };
    account.extend(
        earlier.iter().filter(|(name, _)| *name != "_id").map(|(name, value)| (name.clone(), value.clone())),
    );
    let mut add = |name: &str, value: Bson| _ = account.entry(name.to_owned()).or_insert(value);
    add("username", USERNAME.into());
    add("created_at", opened.into());
    add("updated_at", now.into());
    account.insert("moved_from", origin.clone());
    account
}

/// The look for earlier documents that no payment has moved.
#[derive(Debug, Default)]
pub struct Sweep {
    after: Option<Bson>,
    /// Documents that stay beside an account.
    kept: u64,
    done: bool,
}

impl Sweep {
    /// Moves some more of them. Once all are seen, the number of those that stay beside an account.
    pub async fn advance(&mut self, database: &Database) -> Result<Option<u64>, DatabaseError> {
        if self.done {
            return Ok(None);
        }
        let mut key = doc! { "$type": "objectId" };
        if let Some(after) = &self.after {
            key.insert("$gt", after.clone());
        }
        let (users, filter) = (users(database)?, doc! { "_id": key, "user_id": { "$type": "string" } });
        let find = async || {
            let mut cursor = users.find(filter.clone()).sort(doc! { "_id": 1 }).limit(BATCH).await?;
            let mut found = Vec::new();
            while cursor.advance().await? {
                found.push(cursor.deserialize_current()?);
            }
            Ok(found)
        };
        let found: Vec<Document> = database.run_idempotent("find", USERS, || Box::pin(find())).await?;
        for earlier in &found {
            let Ok(user_id) = earlier.get_str("user_id") else { continue };
            self.kept += u64::from(!adopt(database, user_id, earlier.clone()).await?);
            self.after = earlier.get("_id").cloned();
        }
        self.done = found.len() < BATCH as usize;
        Ok(self.done.then_some(self.kept))
    }
}
