//! Counting, once per message: a document remembers the latest ids that it counted, and its one update is not made where
//! the id is among them. The document of a new day remembers those of the day before, too: a message may come once more
//! after midnight.
//!
//! Documents that other programs made may hold anything. A figure that is no number counts as zero, and a list that is
//! none as an empty one: a good message is counted, whatever was there.

use std::time::{Duration, SystemTime};

use database::mongodb::bson::{Bson, DateTime, Document, doc};
use database::{Database, DatabaseError};
use sentry_context::report::Traced;

use super::message::{Game, Payment};
use crate::business::query::{DAILY_PAYMENTS, DAILY_STATS, GAMES, PLAYER_STATS, TRANSACTIONS, day_of, today};

/// Ids that a document remembers: more than all publishers together send again when their connections are lost.
const REMEMBERED: i32 = 1_024;

/// Players that a day remembers. Further ones are not among its unique players: a document is 16 MiB at most, and names
/// have up to 128 characters.
const PLAYERS: i32 = 20_000;

/// Figures beyond are none. No day and no player comes near.
const MOST: f64 = 1e15;

/// Where the ids are.
const COUNTED: &str = "counted";

const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

type Result = std::result::Result<(), Traced<DatabaseError>>;

pub(super) async fn game(database: &Database, game: &Game) -> Result {
    let change = doc! {
        "total_games": plus("$total_games", 1),
        "total_bets": plus("$total_bets", game.bet),
        "total_payouts": plus("$total_payouts", game.payout),
        "total_wins": plus("$total_wins", i32::from(game.win)),
    };
    let mut day = change.clone();
    day.insert("unique_players", with_player(&game.user_id));
    let mut player = change;
    player.insert("last_played", "$$NOW");
    // Where the first is done and the second is not, the message is delivered again: the first remembers it. The day
    // is the second, for its figures are read first: who reads a game there finds its player active.
    once(database, PLAYER_STATS, ("user_id", &game.user_id), player, game.id.as_deref()).await?;
    once(database, DAILY_STATS, ("date", &today()), day, game.id.as_deref()).await
}

pub(super) async fn payment(database: &Database, payment: &Payment) -> Result {
    let (credits, debits) = if payment.is_credit { (1, 0) } else { (0, 1) };
    let change = doc! {
        "total_credits": plus("$total_credits", credits),
        "credit_amount": plus("$credit_amount", payment.amount * f64::from(credits)),
        "total_debits": plus("$total_debits", debits),
        "debit_amount": plus("$debit_amount", payment.amount * f64::from(debits)),
    };
    once(database, DAILY_PAYMENTS, ("date", &today()), change, payment.id.as_deref()).await
}

/// A figure, and so much more. By the order of types in comparisons, nothing but a number is between two; NaN is below.
fn plus(figure: &str, more: impl Into<Bson>) -> Document {
    let is_figure = doc! { "$and": [{ "$gte": [figure, -MOST] }, { "$lte": [figure, MOST] }] };
    doc! { "$add": [{ "$cond": [is_figure, figure, 0] }, more.into()] }
}

/// A list, or an empty one in place of anything else.
fn list(name: &str) -> Document {
    doc! { "$cond": [{ "$isArray": [name] }, name, []] }
}

/// The players of a day, and one more. A name may begin with `$`, which only a literal takes as text.
fn with_player(user_id: &str) -> Document {
    let (players, name) = (list("$unique_players"), doc! { "$literal": user_id });
    let is_there = doc! { "$in": [name.clone(), players.clone()] };
    let is_full = doc! { "$gte": [{ "$size": players.clone() }, PLAYERS] };
    let more = doc! { "$concatArrays": [players.clone(), [name]] };
    doc! { "$cond": [{ "$or": [is_there, is_full] }, players, more] }
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
        let all = doc! { "$concatArrays": [list("$counted"), [{ "$literal": id }]] };
        change.insert(COUNTED, doc! { "$slice": [all, -REMEMBERED] });
    }
    let change = vec![doc! { "$set": change }];
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
        make(database, name, (field, key)).await?;
        // Where it still is not found, the document is there, and has counted the message.
        count().await?;
    }
    Ok(())
}

/// Makes a document that is missing. Its `_id` keeps two at once from making two; those that others made have theirs.
async fn make(
    database: &Database,
    name: &'static str,
    (field, key): (&'static str, &str),
) -> std::result::Result<(), DatabaseError> {
    let counted = if field == "date" { counted_before(database, name).await? } else { Vec::new() };
    let missing = doc! { "$setOnInsert": { "_id": key, COUNTED: counted } };
    let (collection, document) = (database.collection::<Document>(name)?, doc! { field: key });
    let make = || collection.update_one(document.clone(), missing.clone()).upsert(true);
    match database.run_idempotent("update", name, make).await {
        Err(error) if !error.is_duplicate_key() => Err(error),
        _ => Ok(()),
    }
}

/// What the day before remembers.
async fn counted_before(
    database: &Database,
    name: &'static str,
) -> std::result::Result<Vec<Bson>, DatabaseError> {
    let yesterday = day_of(DateTime::from(SystemTime::now() - A_DAY));
    let this = doc! { "date": yesterday, COUNTED: { "$type": "array" } };
    let days = database.collection::<Document>(name)?;
    let find = || days.find_one(this.clone()).projection(doc! { COUNTED: 1 });
    let day = database.run_idempotent("findOne", name, find).await?;
    let counted = day.and_then(|mut day| match day.remove(COUNTED) {
        Some(Bson::Array(ids)) => Some(ids),
        _ => None,
    });
    Ok(counted.unwrap_or_default())
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
