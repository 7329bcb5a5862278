//! Counting, once per message: a document remembers the latest ids that it counted, and its one update is not made where
//! the id is among them.

use sentry_context::database::mongodb::bson::{DateTime, Document, doc};
use sentry_context::database::{Database, DatabaseError};
use sentry_context::report::Traced;

use super::message::{Game, Payment};
use crate::business::query::{DAILY_PAYMENTS, DAILY_STATS, GAMES, PLAYER_STATS, TRANSACTIONS, today};

/// Ids that a document remembers: more than all publishers together send again when their connections are lost.
const REMEMBERED: i32 = 1_024;

/// Where the ids are.
const COUNTED: &str = "counted";

type Result = std::result::Result<(), Traced<DatabaseError>>;

pub(super) async fn game(database: &Database, game: &Game) -> Result {
    let change = doc! { "$inc": {
        "total_games": 1,
        "total_bets": game.bet,
        "total_payouts": game.payout,
        "total_wins": i32::from(game.win),
    } };
    let mut day = change.clone();
    day.insert("$addToSet", doc! { "unique_players": &game.user_id });
    let mut player = change;
    player.insert("$set", doc! { "last_played": DateTime::now() });
    // Where the first is done and the second is not, the message is delivered again: the first remembers it. The day
    // is the second, for its figures are read first: who reads a game there finds its player active.
    once(database, PLAYER_STATS, ("user_id", &game.user_id), player, game.id.as_deref()).await?;
    once(database, DAILY_STATS, ("date", &today()), day, game.id.as_deref()).await
}

pub(super) async fn payment(database: &Database, payment: &Payment) -> Result {
    let (credits, debits) = if payment.is_credit { (1, 0) } else { (0, 1) };
    let change = doc! { "$inc": {
        "total_credits": credits,
        "credit_amount": payment.amount * f64::from(credits),
        "total_debits": debits,
        "debit_amount": payment.amount * f64::from(debits),
    } };
    once(database, DAILY_PAYMENTS, ("date", &today()), change, payment.id.as_deref()).await
}

/// Updates the one document that is found by this key, and makes it where it is missing, unless it has counted that id.
async fn once(
    database: &Database,
    name: &'static str,
    (field, key): (&'static str, &str),
    mut change: Document,
    id: Option<&str>,
) -> Result {
    let mut uncounted = doc! { field: key };
    if let Some(id) = id {
        uncounted.insert(COUNTED, doc! { "$ne": id });
        change.insert("$push", doc! { COUNTED: { "$each": [id], "$slice": -REMEMBERED } });
    }
    let collection = database.collection::<Document>(name)?;
    let update = || collection.update_one(uncounted.clone(), change.clone());
    let count = async || {
        let updated = match id {
            // A second attempt finds the id, if the first was done.
            Some(_) => database.run_idempotent("update", name, update).await?,
            None => database.run("update", name, update()).await?,
        };
        Ok::<_, DatabaseError>(updated.matched_count > 0)
    };
    if !count().await? {
        make(database, name, doc! { field: key }, key).await?;
        // Where it still is not found, the document is there, and has counted the message.
        count().await?;
    }
    Ok(())
}

/// Makes a document that is missing. Its `_id` keeps two at once from making two; those that others made have theirs.
async fn make(
    database: &Database,
    name: &'static str,
    document: Document,
    key: &str,
) -> std::result::Result<(), DatabaseError> {
    let missing = doc! { "$setOnInsert": { "_id": key, COUNTED: [] } };
    let collection = database.collection::<Document>(name)?;
    let make = || collection.update_one(document.clone(), missing.clone()).upsert(true);
    match database.run_idempotent("update", name, make).await {
        Err(error) if !error.is_duplicate_key() => Err(error),
        _ => Ok(()),
    }
}

/// The indexes that counting and the good queries need. The days of all games are computed, which none can help.
pub async fn ensure_indexes(database: &Database) -> std::result::Result<(), DatabaseError> {
    for (name, keys) in [
        (DAILY_STATS, doc! { "date": 1 }),
        (DAILY_PAYMENTS, doc! { "date": 1 }),
        (PLAYER_STATS, doc! { "user_id": 1 }),
        (PLAYER_STATS, doc! { "last_played": 1 }),
        (GAMES, doc! { "timestamp": 1 }),
        (GAMES, doc! { "user_id": 1, "timestamp": -1 }),
        (TRANSACTIONS, doc! { "timestamp": 1 }),
    ] {
        database.ensure_index(name, keys).await?;
    }
    Ok(())
}
