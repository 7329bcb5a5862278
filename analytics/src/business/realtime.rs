//! Today's figures, as the consumer of messages counts them.

use actix_web::{HttpResponse, web};
use sentry_context::database::Database;
use sentry_context::database::mongodb::bson::doc;
use sentry_context::failure::Failure;
use sentry_context::{breadcrumbs, facts};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::query::{
    DAILY_PAYMENTS, DAILY_STATS, PLAYER_STATS, QueryFailed, Result, aggregate, ago, collection, timestamp,
    today,
};
use super::{PLAIN, percent};
use crate::endpoint::{Endpoint, Shape};

pub(crate) static SUMMARY: Endpoint = Endpoint {
    path: "/api/v1/analytics/realtime/summary",
    summary: "Today's figures, counted from messages",
    parameters: &[],
    answers: PLAIN,
    shape: Some(Shape::of::<RealtimeSummary>()),
    route: |route| route.to(tell),
};

/// Today's figures.
#[derive(Serialize, ToSchema)]
struct RealtimeSummary {
    timestamp: String,
    today: Today,
    payments: Payments,
    data_source: &'static str,
}

#[derive(Serialize, ToSchema)]
struct Today {
    total_games: u64,
    total_bets: f64,
    total_payouts: f64,
    total_wins: u64,
    win_rate: f64,
    unique_players: u64,
    active_players_1h: u64,
}

#[derive(Serialize, ToSchema)]
struct Payments {
    total_credits: u64,
    credit_amount: f64,
    total_debits: u64,
    debit_amount: f64,
    /// What the house keeps.
    net_revenue: f64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Played {
    total_games: u64,
    total_bets: f64,
    total_payouts: f64,
    total_wins: u64,
    players: u64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Paid {
    total_credits: u64,
    credit_amount: f64,
    total_debits: u64,
    debit_amount: f64,
}

async fn tell(database: web::Data<Database>) -> std::result::Result<HttpResponse, Failure> {
    let today = today();
    breadcrumbs::step(
        "analytics",
        "reading what was counted today",
        facts([("date", today.as_str().into())]),
    );
    let day = doc! { "$match": { "date": &today } };
    let players = doc! { "$addFields": { "players": { "$size": { "$ifNull": ["$unique_players", []] } } } };
    let played: Vec<Played> = aggregate(&database, DAILY_STATS, vec![day.clone(), players]).await?;
    let paid: Vec<Paid> = aggregate(&database, DAILY_PAYMENTS, vec![day]).await?;
    let active_players_1h = active_players(&database).await?;
    let (played, paid) =
        (played.into_iter().next().unwrap_or_default(), paid.into_iter().next().unwrap_or_default());
    Ok(HttpResponse::Ok().json(RealtimeSummary {
        timestamp: timestamp(),
        today: Today {
            total_games: played.total_games,
            total_bets: played.total_bets,
            total_payouts: played.total_payouts,
            total_wins: played.total_wins,
            win_rate: percent(played.total_wins as f64, played.total_games as f64),
            unique_players: played.players,
            active_players_1h,
        },
        payments: Payments {
            total_credits: paid.total_credits,
            credit_amount: paid.credit_amount,
            total_debits: paid.total_debits,
            debit_amount: paid.debit_amount,
            net_revenue: paid.debit_amount - paid.credit_amount,
        },
        data_source: "realtime_consumer",
    }))
}

async fn active_players(database: &Database) -> Result<u64> {
    let players = collection(database, PLAYER_STATS)?;
    let count = players.count_documents(doc! { "last_played": { "$gte": ago(3_600) } });
    Ok(database.run("count", PLAYER_STATS, count).await.map_err(QueryFailed::from)?)
}
