//! All players' figures, by the classic N+1: one query for the players, and four for each of them, one after another.

use actix_web::{HttpResponse, web};
use database::Database;
use database::mongodb::bson::doc;
use sentry_context::failure::Failure;
use sentry_context::step::Step;
use sentry_context::{facts, request};
use serde::Serialize;
use utoipa::ToSchema;

use super::player_metrics::{count, sum};
use super::query::{GAMES, QueryFailed, Result, collection};
use super::{PLAIN, sound};
use crate::endpoint::{Endpoint, Shape};

/// Most players that are listed: 201 queries are enough to see the pattern.
const MOST: usize = 50;

/// Queries for each player.
const PER_PLAYER: usize = 4;

pub(crate) static PLAYER_DETAILS: Endpoint = Endpoint {
    path: "/api/v1/analytics/player-details-n1",
    summary: "The players' figures, by one query and four more for each of up to 50 players",
    parameters: &[],
    answers: PLAIN,
    shape: Some(Shape::of::<PlayerDetails>()),
    route: |route| route.to(show),
};

/// The players in the order of their ids.
#[derive(Serialize, ToSchema)]
struct PlayerDetails {
    player_count: usize,
    players: Vec<PlayerDetail>,
    performance_warning: &'static str,
    query_pattern: &'static str,
    queries_executed: QueryCount,
}

#[derive(Serialize, ToSchema)]
struct PlayerDetail {
    user_id: String,
    total_games: u64,
    total_bets: f64,
    total_payouts: f64,
    net_profit: f64,
    /// Seconds since 1970.
    last_played: Option<f64>,
}

#[derive(Serialize, ToSchema)]
struct QueryCount {
    initial_query: usize,
    per_player_queries: usize,
    total: usize,
}

async fn show(database: web::Data<Database>) -> std::result::Result<HttpResponse, Failure> {
    let names = names(&database).await?;
    let data = facts([("players", names.len().into()), ("queries_for_each", PER_PLAYER.into())]);
    // Sentry's detector of repeated queries wants them below one span that is not the transaction itself.
    let step = Step::begin("analytics", "queries for one player after another", data);
    let players = one_by_one(&database, names).await?;
    drop(step);
    let total = 1 + PER_PLAYER * players.len();
    request::measure("db.n_plus_one.count", players.len() as f64, "none");
    request::measure("db.n_plus_one.total_queries", total as f64, "none");
    request::tag("performance.issue", "n+1_queries");
    Ok(HttpResponse::Ok().json(PlayerDetails {
        player_count: players.len(),
        players,
        performance_warning: "one query would do; this took four for each player, one after another",
        query_pattern: "N+1",
        queries_executed: QueryCount { initial_query: 1, per_player_queries: PER_PLAYER, total },
    }))
}

async fn names(database: &Database) -> Result<Vec<String>> {
    let games = collection(database, GAMES)?;
    let distinct = games.distinct("user_id", doc! {});
    let names = database.run("distinct", GAMES, distinct).await.map_err(QueryFailed::from)?;
    let all = names.len();
    let mut names: Vec<_> = names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect();
    // Each stands for one document or more.
    sound::left_out(GAMES, (all - names.len()) as u64);
    names.sort_unstable();
    names.truncate(MOST);
    Ok(names)
}

async fn one_by_one(database: &Database, names: Vec<String>) -> Result<Vec<PlayerDetail>> {
    let mut players = Vec::with_capacity(names.len());
    for name in names {
        players.push(player(database, name).await?);
    }
    Ok(players)
}

async fn player(database: &Database, user_id: String) -> Result<PlayerDetail> {
    let total_games = count(database, &user_id, false).await?;
    let total_bets = sum(database, &user_id, "$bet").await?;
    let total_payouts = sum(database, &user_id, "$payout").await?;
    let last_played = last_played(database, &user_id).await?;
    let net_profit = total_payouts - total_bets;
    Ok(PlayerDetail { user_id, total_games, total_bets, total_payouts, net_profit, last_played })
}

async fn last_played(database: &Database, user_id: &str) -> Result<Option<f64>> {
    let games = collection(database, GAMES)?;
    let timed = doc! { "user_id": user_id, "timestamp": { "$gte": 0 } };
    let last = games.find_one(timed).sort(doc! { "timestamp": -1 });
    let last = database.run("findOne", GAMES, last).await.map_err(QueryFailed::from)?;
    Ok(last.and_then(|game| game.get("timestamp").and_then(sound::number)))
}
