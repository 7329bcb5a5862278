//! Figures by day. Slow on purpose: the days are computed from every game there ever was, so that no index helps.

use actix_web::{HttpRequest, HttpResponse, web};
use database::Database;
use database::mongodb::bson::doc;
use sentry_context::failure::Failure;
use sentry_context::step::Step;
use sentry_context::{facts, request as sentry_request};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::query::{GAMES, Result};
use super::{BOUNDED, percent, sound};
use crate::endpoint::{DAYS, Endpoint, Shape};

pub(crate) static DAILY_STATS: Endpoint = Endpoint {
    path: "/api/v1/analytics/daily-stats",
    summary: "Figures by day, by a scan of all games",
    parameters: std::slice::from_ref(&DAYS),
    answers: BOUNDED,
    shape: Some(Shape::of::<DailyStats>()),
    route: |route| route.to(show),
};

/// Figures by day, the latest first.
#[derive(Serialize, ToSchema)]
struct DailyStats {
    days_requested: u32,
    days_returned: usize,
    stats: Vec<DailyFigures>,
    performance_warning: &'static str,
}

#[derive(Serialize, ToSchema)]
struct DailyFigures {
    #[serde(flatten)]
    day: DayTotals,
    house_edge: f64,
    win_rate: f64,
    /// With all later days.
    #[serde(skip_serializing_if = "Option::is_none")]
    running_total_bets: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    running_total_games: Option<u64>,
}

#[derive(Serialize, Deserialize, ToSchema)]
struct DayTotals {
    _id: String,
    date: String,
    total_games: u64,
    total_bets: f64,
    total_payouts: f64,
    total_wins: u64,
    avg_bet: f64,
    max_payout: f64,
    unique_players: u64,
}

async fn show(
    request: HttpRequest,
    database: web::Data<Database>,
) -> std::result::Result<HttpResponse, Failure> {
    let days = DAYS.read(&request)?;
    let _step =
        Step::begin("analytics", "scanning all games for daily figures", facts([("days", days.into())]));
    let stats = with_totals(by_day(&database, days).await?);
    let games: u64 = stats.iter().map(|figures| figures.day.total_games).sum();
    sentry_request::measure("analytics.days_processed", stats.len() as f64, "none");
    sentry_request::measure("analytics.total_games", games as f64, "none");
    Ok(HttpResponse::Ok().json(DailyStats {
        days_requested: days,
        days_returned: stats.len(),
        stats,
        performance_warning: "every game was read: the days are computed, so no index can help",
    }))
}

async fn by_day(database: &Database, days: u32) -> Result<Vec<DayTotals>> {
    let figures = doc! {
        "total_games": { "$sum": 1 },
        "total_bets": { "$sum": "$bet" },
        "total_payouts": { "$sum": "$payout" },
        "total_wins": { "$sum": { "$cond": [{ "$eq": ["$win", true] }, 1, 0] } },
        "avg_bet": { "$avg": "$bet" },
        "max_payout": { "$max": "$payout" },
        "players": sound::players(),
    };
    let mut pipeline = sound::since_by_scan(days * 86_400);
    pipeline.extend([
        sound::group(sound::has_amounts(), sound::label("%Y-%m-%d"), figures),
        sound::count_players(),
        doc! { "$addFields": { "date": "$_id" } },
        doc! { "$sort": { "_id": -1 } },
    ]);
    sound::rows(database, GAMES, pipeline).await
}

fn with_totals(days: Vec<DayTotals>) -> Vec<DailyFigures> {
    let (mut bets, mut games) = (0.0, 0);
    let show = |(index, day): (usize, DayTotals)| {
        bets += day.total_bets;
        games += day.total_games;
        DailyFigures {
            house_edge: percent(day.total_bets - day.total_payouts, day.total_bets),
            win_rate: percent(day.total_wins as f64, day.total_games as f64),
            running_total_bets: (index > 0).then_some(bets),
            running_total_games: (index > 0).then_some(games),
            day,
        }
    };
    days.into_iter().enumerate().map(show).collect()
}
