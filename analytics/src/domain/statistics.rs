//! Statistics that the database computes.

use sentry_context::database::mongodb::bson::{Document, doc};
use sentry_context::database::{Database, DatabaseError};
use sentry_context::report::Traced;
use sentry_context::{breadcrumbs, facts};

/// The median bet of each player. The stage is one that no server knows: it was to be named `$group`.
pub async fn median_bets(database: &Database) -> Result<Vec<Document>, Traced<DatabaseError>> {
    let data = facts([("collection", "games".into()), ("stage", "$groupByMedian".into())]);
    breadcrumbs::step("statistics", "aggregating the median bet of each player", data);
    let pipeline = [doc! { "$groupByMedian": { "_id": "$user_id", "bet": "$bet" } }];
    let games = database.collection::<Document>("games")?;
    let failed = |source| DatabaseError::new("aggregate", "games", source);
    let mut found = games.aggregate(pipeline).await.map_err(failed)?;
    let mut medians = Vec::new();
    while found.advance().await.map_err(failed)? {
        medians.push(found.deserialize_current().map_err(failed)?);
    }
    Ok(medians)
}
