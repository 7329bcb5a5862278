//! Queries of the business routes, and how their failures are reported: 503 where no database is reached.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use database::mongodb::Collection;
use database::mongodb::bson::{DateTime, Document};
use database::{Database, DatabaseError};
use futures_util::TryStreamExt;
use sentry_context::Facts;
use sentry_context::report::{Reportable, Traced};

pub(crate) const GAMES: &str = "games";
pub(crate) const TRANSACTIONS: &str = "transactions";
pub(crate) const DAILY_STATS: &str = "daily_stats";
pub(crate) const PLAYER_STATS: &str = "player_stats";
pub(crate) const DAILY_PAYMENTS: &str = "daily_payments";

/// How long a query may take that looks at much.
const LIMIT: Duration = Duration::from_secs(20);

/// A result of a query: the error carries the stack of the line that asked.
pub(crate) type Result<T> = std::result::Result<T, Traced<QueryFailed>>;

/// A query that failed.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(crate) struct QueryFailed(#[from] DatabaseError);

impl Reportable for QueryFailed {
    fn type_name(&self) -> &'static str {
        self.0.type_name()
    }

    fn status(&self) -> u16 {
        if self.0.is_unreachable() { 503 } else { 500 }
    }

    fn tags(&self) -> Vec<(&'static str, String)> {
        self.0.tags()
    }

    fn context(&self) -> Option<(&'static str, Facts)> {
        self.0.context()
    }
}

pub(crate) fn collection(database: &Database, name: &'static str) -> Result<Collection<Document>> {
    Ok(database.collection::<Document>(name).map_err(QueryFailed)?)
}

/// The documents that an aggregation makes.
pub(crate) async fn aggregate(
    database: &Database,
    name: &'static str,
    pipeline: Vec<Document>,
) -> Result<Vec<Document>> {
    let collection = database.collection::<Document>(name).map_err(QueryFailed)?;
    let rows = async { collection.aggregate(pipeline).await?.try_collect().await };
    Ok(database.run_within(LIMIT, "aggregate", name, rows).await.map_err(QueryFailed)?)
}

/// Seconds since 1970.
pub(crate) fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// So many seconds ago, as a date of the database.
pub(crate) fn ago(seconds: u32) -> DateTime {
    DateTime::from_system_time(SystemTime::now() - Duration::from_secs(seconds.into()))
}

/// Today in UTC: `2026-11-24`.
pub(crate) fn today() -> String {
    day_of(DateTime::now())
}

/// The day of a moment in UTC.
pub(crate) fn day_of(moment: DateTime) -> String {
    let moment = moment.try_to_rfc3339_string().unwrap_or_default();
    moment.get(..10).unwrap_or_default().to_owned()
}

/// Now in UTC, as Python's `isoformat` has it: without a zone.
pub(crate) fn timestamp() -> String {
    let now = DateTime::now().try_to_rfc3339_string().unwrap_or_default();
    now.trim_end_matches('Z').to_owned()
}
