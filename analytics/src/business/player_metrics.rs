//! One player's figures, by five queries where one would do: each reads the player's games once more.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use database::Database;
use database::mongodb::bson::{Bson, doc};
use sentry_context::failure::Failure;
use sentry_context::step::Step;
use sentry_context::{facts, user};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::query::{GAMES, QueryFailed, Result, aggregate, collection};
use super::{PLAIN, percent, sound};
use crate::endpoint::{Endpoint, Shape};

pub(crate) static PLAYER_METRICS: Endpoint = Endpoint {
    path: "/api/v1/analytics/player-metrics/{user_id}",
    summary: "One player's figures, by five queries",
    parameters: &[],
    answers: PLAIN,
    shape: Some(Shape::of::<PlayerMetrics>()),
    route: |route| route.to(show),
};

/// One player's figures; of a player whom nobody knows, zeros.
#[derive(Serialize, ToSchema)]
struct PlayerMetrics {
    user_id: String,
    total_games: u64,
    total_bets: f64,
    total_payouts: f64,
    total_wins: u64,
    win_rate: f64,
    net_profit: f64,
    /// How often each symbol was shown.
    favorite_symbols: BTreeMap<String, u64>,
    performance_note: &'static str,
}

async fn show(
    user_id: web::Path<String>,
    database: web::Data<Database>,
) -> std::result::Result<HttpResponse, Failure> {
    let user_id = user_id.into_inner();
    user::identify_unless_known(&user_id);
    let _step =
        Step::begin("analytics", "five queries for one player", facts([("player", user_id.as_str().into())]));
    let total_games = count(&database, &user_id, false).await?;
    let total_bets = sum(&database, &user_id, "$bet").await?;
    let total_payouts = sum(&database, &user_id, "$payout").await?;
    let total_wins = count(&database, &user_id, true).await?;
    let favorite_symbols = symbols(&database, &user_id).await?;
    Ok(HttpResponse::Ok().json(PlayerMetrics {
        user_id,
        total_games,
        total_bets,
        total_payouts,
        total_wins,
        win_rate: percent(total_wins as f64, total_games as f64),
        net_profit: total_payouts - total_bets,
        favorite_symbols,
        performance_note: "five queries, where one aggregation would do",
    }))
}

/// A player's games, or those that were won.
pub(super) async fn count(database: &Database, user_id: &str, won: bool) -> Result<u64> {
    let mut filter = sound::games_of(user_id);
    if won {
        filter.insert("win", true);
    }
    let games = collection(database, GAMES)?;
    Ok(database.run("count", GAMES, games.count_documents(filter)).await.map_err(QueryFailed::from)?)
}

/// The sum of a field over a player's games.
pub(super) async fn sum(database: &Database, user_id: &str, field: &str) -> Result<f64> {
    let pipeline = vec![
        doc! { "$match": sound::games_of(user_id) },
        doc! { "$group": { "_id": Bson::Null, "sum": { "$sum": field } } },
    ];
    let sum = aggregate(database, GAMES, pipeline).await?.pop();
    Ok(sum.and_then(|it| it.get("sum").and_then(sound::number)).unwrap_or_default())
}

async fn symbols(database: &Database, user_id: &str) -> Result<BTreeMap<String, u64>> {
    #[derive(Deserialize)]
    struct Shown {
        _id: String,
        documents: u64,
    }
    let pipeline = vec![
        doc! { "$match": sound::games_of(user_id) },
        doc! { "$unwind": "$symbols" },
        doc! { "$group": { "_id": "$symbols", "documents": { "$sum": 1 } } },
    ];
    let shown: Vec<Shown> = sound::rows(database, GAMES, pipeline).await?;
    Ok(shown.into_iter().map(|it| (it._id, it.documents)).collect())
}
