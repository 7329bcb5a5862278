//! Counting, once per message: a document remembers the latest ids that it counted, and its one update is not made where
//! the id is among them.

use sentry_context::database::mongodb::IndexModel;
use sentry_context::database::mongodb::bson::{DateTime, Document, doc};
use sentry_context::database::mongodb::options::IndexOptions;
use sentry_context::database::{Database, DatabaseError};
use sentry_context::report::Traced;

use super::message::{Game, Payment};
use crate::business::query::{DAILY_PAYMENTS, DAILY_STATS, GAMES, PLAYER_STATS, TRANSACTIONS, today};

/// Ids that a document remembers: more than all publishers together send again when their connections are lost.
const REMEMBERED: i32 = 1_024;

/// The server's code for a key that is there already.
const DUPLICATE_KEY: i32 = 11_000;

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
    // Where the first is done and the second is not, the message is delivered again: the first remembers it.
    once(database, DAILY_STATS, doc! { "date": today() }, day, game.id.as_deref()).await?;
    once(database, PLAYER_STATS, doc! { "user_id": &game.user_id }, player, game.id.as_deref()).await
}

pub(super) async fn payment(database: &Database, payment: &Payment) -> Result {
    let (credits, debits) = if payment.is_credit { (1, 0) } else { (0, 1) };
    let change = doc! { "$inc": {
        "total_credits": credits,
        "credit_amount": payment.amount * f64::from(credits),
        "total_debits": debits,
        "debit_amount": payment.amount * f64::from(debits),
    } };
    once(database, DAILY_PAYMENTS, doc! { "date": today() }, change, payment.id.as_deref()).await
}

/// Updates the one document, and makes it where it is missing, unless it has counted that id.
async fn once(
    database: &Database,
    name: &'static str,
    mut document: Document,
    mut change: Document,
    id: Option<&str>,
) -> Result {
    if let Some(id) = id {
        document.insert(COUNTED, doc! { "$ne": id });
        let remember = doc! { COUNTED: { "$each": [id], "$slice": -REMEMBERED } };
        change.insert("$push", remember);
    }
    let collection = database.collection::<Document>(name)?;
    // Two messages at once may both find no document to update; the second finds the first's when it tries again.
    for _ in 0..3 {
        let update = collection.update_one(document.clone(), change.clone()).upsert(true);
        match database.run("update", name, update).await {
            Err(error) if error.code() == Some(DUPLICATE_KEY) => {}
            done => return Ok(done.map(drop)?),
        }
    }
    // The document is there, and it is only its id that keeps it from being found: the message was counted.
    Ok(())
}

/// The indexes that counting and the good queries need. The days of all games are computed, which none can help.
pub async fn ensure_indexes(database: &Database) -> std::result::Result<(), DatabaseError> {
    let unique = || IndexOptions::builder().unique(true).build();
    let index = |keys: Document, options: Option<IndexOptions>| {
        IndexModel::builder().keys(keys).options(options).build()
    };
    for (name, indexes) in [
        (DAILY_STATS, vec![index(doc! { "date": 1 }, Some(unique()))]),
        (DAILY_PAYMENTS, vec![index(doc! { "date": 1 }, Some(unique()))]),
        (
            PLAYER_STATS,
            vec![index(doc! { "user_id": 1 }, Some(unique())), index(doc! { "last_played": 1 }, None)],
        ),
        (
            GAMES,
            vec![index(doc! { "timestamp": 1 }, None), index(doc! { "user_id": 1, "timestamp": -1 }, None)],
        ),
        (TRANSACTIONS, vec![index(doc! { "timestamp": 1 }, None)]),
    ] {
        let collection = database.collection::<Document>(name)?;
        database.run("createIndexes", name, collection.create_indexes(indexes)).await?;
    }
    Ok(())
}
