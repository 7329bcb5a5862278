//! Return to player: what was paid out of what was bet, in percent.

use actix_web::{HttpRequest, HttpResponse, web};
use database::Database;
use database::mongodb::bson::{Bson, doc};
use figures::RTP;
use sentry_context::facts;
use sentry_context::failure::Failure;
use sentry_context::step::Step;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::query::{GAMES, Result};
use super::{BOUNDED, percent, rounded, sound};
use crate::endpoint::{Endpoint, HOURS, Shape};

/// Players that are named.
const TOP: usize = 10;

pub(crate) static PERIOD: Endpoint = Endpoint {
    path: "/api/v1/business-metrics/rtp",
    summary: "Return to player: overall, by hour, and the luckiest players",
    parameters: std::slice::from_ref(&HOURS),
    answers: BOUNDED,
    shape: Some(Shape::of::<ReturnToPlayer>()),
    route: |route| route.to(show),
};

/// Return to player, percent.
#[derive(Serialize, ToSchema)]
struct ReturnToPlayer {
    period_hours: u32,
    overall_rtp: f64,
    total_bets: f64,
    total_payouts: f64,
    total_games: u64,
    /// The latest first.
    hourly_breakdown: Vec<RtpOfHour>,
    top_players_by_rtp: Vec<RtpOfPlayer>,
    rtp_threshold: Threshold,
}

#[derive(Serialize, ToSchema)]
struct RtpOfHour {
    hour: String,
    rtp: f64,
    total_bets: f64,
    total_payouts: f64,
    game_count: u64,
}

#[derive(Serialize, ToSchema)]
struct RtpOfPlayer {
    #[serde(flatten)]
    figures: RtpTotals,
    user_id: String,
    rtp: f64,
}

#[derive(Serialize, ToSchema)]
struct Threshold {
    min: f64,
    max: f64,
    /// `normal`, `anomaly`, or `no_data` where nothing was bet.
    status: &'static str,
}

/// Of an hour, or of a player.
#[derive(Serialize, Deserialize, ToSchema)]
struct RtpTotals {
    _id: String,
    total_bets: f64,
    total_payouts: f64,
    game_count: u64,
}

async fn show(
    request: HttpRequest,
    database: web::Data<Database>,
) -> std::result::Result<HttpResponse, Failure> {
    let hours = HOURS.read(&request)?;
    let _step = Step::begin("analytics", "computing return to player", facts([("hours", hours.into())]));
    let by_hour = group(&database, hours, sound::label("%Y-%m-%d %H:00")).await?;
    let by_player = group(&database, hours, sound::player()).await?;
    let (bets, payouts): (f64, f64) =
        by_hour.iter().fold((0.0, 0.0), |sum, it| (sum.0 + it.total_bets, sum.1 + it.total_payouts));
    let overall = percent(payouts, bets);
    if bets > 0.0 {
        // Without bets it is nothing, and a zero would look like a fault.
        RTP.observe(rounded(overall));
    }
    let (min, max) = RTP.normal();
    let status = match (bets == 0.0, RTP.is_normal(overall)) {
        (true, _) => "no_data",
        (_, true) => "normal",
        (_, false) => "anomaly",
    };
    Ok(HttpResponse::Ok().json(ReturnToPlayer {
        period_hours: hours,
        overall_rtp: rounded(overall),
        total_bets: bets,
        total_payouts: payouts,
        total_games: by_hour.iter().map(|it| it.game_count).sum(),
        hourly_breakdown: by_hour.into_iter().rev().map(hour).collect(),
        top_players_by_rtp: top(by_player),
        rtp_threshold: Threshold { min, max, status },
    }))
}

fn hour(it: RtpTotals) -> RtpOfHour {
    RtpOfHour {
        rtp: rounded(percent(it.total_payouts, it.total_bets)),
        hour: it._id,
        total_bets: it.total_bets,
        total_payouts: it.total_payouts,
        game_count: it.game_count,
    }
}

fn top(players: Vec<RtpTotals>) -> Vec<RtpOfPlayer> {
    let player = |figures: RtpTotals| RtpOfPlayer {
        user_id: figures._id.clone(),
        rtp: percent(figures.total_payouts, figures.total_bets),
        figures,
    };
    let mut players: Vec<_> = players.into_iter().map(player).collect();
    // Stable: equals stay in the order of their ids.
    players.sort_by(|one, other| other.rtp.total_cmp(&one.rtp));
    players.truncate(TOP);
    players
}

/// The figures by a key, in its order.
async fn group(database: &Database, hours: u32, key: Bson) -> Result<Vec<RtpTotals>> {
    let figures = doc! {
        "total_bets": { "$sum": "$bet" },
        "total_payouts": { "$sum": "$payout" },
        "game_count": { "$sum": 1 },
    };
    let mut pipeline = sound::since(hours * 3_600);
    pipeline.extend([sound::group(sound::has_amounts(), key, figures), doc! { "$sort": { "_id": 1 } }]);
    sound::rows(database, GAMES, pipeline).await
}
