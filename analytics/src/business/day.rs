//! The figures of today, as the consumer has counted them so far.

use database::Database;
use database::mongodb::bson::{Bson, Document, doc};
use sentry_context::metrics::{self, Unit};
use sentry_context::step::Step;
use sentry_context::{breadcrumbs, facts};

use super::percent;
use super::query::{DAILY_STATS, QueryFailed, Result, collection, today};

/// Reads them, and reports them as metrics.
pub(crate) async fn report(database: &Database) -> Result<()> {
    let date = today();
    let step = Step::begin("day", "reading the figures of the day", facts([("date", date.as_str().into())]));
    let days = collection(database, DAILY_STATS)?;
    let find = || days.find_one(doc! { "date": &date });
    let day = database.run_idempotent("findOne", DAILY_STATS, find).await.map_err(QueryFailed::from)?;
    // Nobody has played yet.
    let day = day.unwrap_or_default();
    let [games, bets, payouts] = ["total_games", "total_bets", "total_payouts"].map(|it| figure(&day, it));
    step.set("games", games.into());
    drop(step);
    metrics::gauge("business.day.games", games, None);
    metrics::gauge("business.day.bets", bets, None);
    metrics::gauge("business.day.payouts", payouts, None);
    metrics::gauge("business.day.rtp", percent(payouts, bets), Some(Unit::Percent));
    breadcrumbs::step("day", "reported the figures of the day", facts([("games", games.into())]));
    Ok(())
}

/// A figure that is no number counts as 0, as everywhere.
fn figure(day: &Document, name: &str) -> f64 {
    let figure = match day.get(name) {
        Some(Bson::Int32(figure)) => f64::from(*figure),
        Some(Bson::Int64(figure)) => *figure as f64,
        Some(Bson::Double(figure)) => *figure,
        _ => 0.0,
    };
    if figure.is_finite() { figure } else { 0.0 }
}
