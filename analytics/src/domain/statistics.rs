//! Statistics that the database computes.

use database::mongodb::bson::{Document, doc};
use database::{Database, DatabaseError};
use futures_util::TryStreamExt;
use sentry_context::facts;
use sentry_context::report::Traced;
use sentry_context::step::Step;

/// How many players have a typical bet.
pub async fn typical_bettors(database: &Database) -> Result<usize, Traced<DatabaseError>> {
    let _players = Step::silent("function", "find the typical bets");
    Ok(median_bets(database).await?.len())
}

/// The median bet of each player. The stage is one that no server knows: it was to be named `$group`.
pub async fn median_bets(database: &Database) -> Result<Vec<Document>, Traced<DatabaseError>> {
    let data = facts([("collection", "games".into()), ("stage", "$groupByMedian".into())]);
    let _step = Step::begin("statistics", "aggregating the median bet of each player", data);
    let pipeline = [doc! { "$groupByMedian": { "_id": "$user_id", "bet": "$bet" } }];
    let games = database.collection::<Document>("games")?;
    let all = async { games.aggregate(pipeline).await?.try_collect().await };
    Ok(database.run("aggregate", "games", all).await?)
}
