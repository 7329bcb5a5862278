//! What was played and paid: the service's actual work.
//!
//! Amounts are in the players' currency, times in UTC. Three of the routes are slow on purpose, by their pattern of
//! queries: a scan, five queries for one, and one query per player and figure.

pub(crate) mod daily_stats;
pub(crate) mod day;
pub(crate) mod financial;
pub(crate) mod player_details;
pub(crate) mod player_metrics;
pub(crate) mod query;
pub(crate) mod realtime;
pub(crate) mod rtp;
pub(crate) mod sessions;
mod sound;

use crate::endpoint::Endpoint;

/// All of them.
pub(crate) static ENDPOINTS: &[&Endpoint] = &[
    &daily_stats::DAILY_STATS,
    &player_metrics::PLAYER_METRICS,
    &player_details::PLAYER_DETAILS,
    &realtime::SUMMARY,
    &rtp::PERIOD,
    &sessions::ACTIVE,
    &sessions::COUNT,
    &financial::SUMMARY,
    &financial::PERIOD,
];

/// The answers of a route that takes no parameters.
const PLAIN: &[(u16, &str)] = &[(200, "The figures"), (503, "The database is not there")];

/// The answers of a route with bounds.
const BOUNDED: &[(u16, &str)] =
    &[(200, "The figures"), (422, "A parameter is out of bounds"), (503, "The database is not there")];

/// Percentages beyond say nothing: the whole is next to nothing.
const MOST_PERCENT: f64 = 1e12;

/// Part of a whole in percent. If the whole is 0, it is 0: JSON has no number for infinity.
fn percent(part: f64, whole: f64) -> f64 {
    let share = part / whole * 100.0;
    // NaN, a share of nothing, is below nothing.
    if share.abs() <= MOST_PERCENT { share } else { 0.0 }
}

/// To two decimals.
fn rounded(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}
