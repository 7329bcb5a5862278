//! Today's figures, as the consumer of messages counts them.

use actix_web::{HttpResponse, web};
use database::Database;
use database::mongodb::bson::{Document, doc};
use figures::{REVENUE, RTP, WIN_RATE};
use sentry_context::facts;
use sentry_context::failure::Failure;
use sentry_context::step::Step;
use serde::Serialize;
use utoipa::ToSchema;

use super::query::{
    DAILY_PAYMENTS, DAILY_STATS, PLAYER_STATS, QueryFailed, Result, aggregate, ago, collection, timestamp,
    today,
};
use super::{PLAIN, percent, rounded, sound};
use crate::endpoint::{Endpoint, Shape};

pub(crate) static SUMMARY: Endpoint = Endpoint {
    path: "/api/v1/analytics/realtime/summary",
    summary: "Today's figures, counted from messages",
    parameters: &[],
    answers: PLAIN,
    shape: Some(Shape::of::<RealtimeSummary>()),
    route: |route| route.to(show),
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

/// What was counted today. A figure of another shape is left out.
struct Counted(Document);

impl Counted {
    async fn of(database: &Database, name: &'static str, pipeline: Vec<Document>) -> Result<Self> {
        let counted = aggregate(database, name, pipeline).await?.into_iter().next().unwrap_or_default();
        let odd = counted.iter().any(|(name, value)| is_figure(name) && sound::number(value).is_none());
        sound::left_out(name, odd.into());
        Ok(Self(counted))
    }

    fn number(&self, name: &str) -> f64 {
        self.0.get(name).and_then(sound::number).unwrap_or_default()
    }

    fn count(&self, name: &str) -> u64 {
        self.number(name).max(0.0) as u64
    }
}

fn is_figure(name: &str) -> bool {
    name.starts_with("total_") || name.ends_with("_amount")
}

async fn show(database: web::Data<Database>) -> std::result::Result<HttpResponse, Failure> {
    let today = today();
    let _step =
        Step::begin("analytics", "reading what was counted today", facts([("date", today.as_str().into())]));
    let day = doc! { "$match": { "date": &today } };
    let is_array = doc! { "$isArray": "$unique_players" };
    let players = doc! { "$cond": [is_array, { "$size": { "$ifNull": ["$unique_players", []] } }, 0] };
    let players = doc! { "$addFields": { "players": players } };
    let played = Counted::of(&database, DAILY_STATS, vec![day.clone(), players]).await?;
    let paid = Counted::of(&database, DAILY_PAYMENTS, vec![day]).await?;
    let active_players_1h = active_players(&database).await?;
    let answer = RealtimeSummary {
        timestamp: timestamp(),
        today: Today {
            total_games: played.count("total_games"),
            total_bets: played.number("total_bets"),
            total_payouts: played.number("total_payouts"),
            total_wins: played.count("total_wins"),
            win_rate: percent(played.number("total_wins"), played.number("total_games")),
            unique_players: played.count("players"),
            active_players_1h,
        },
        payments: Payments {
            total_credits: paid.count("total_credits"),
            credit_amount: paid.number("credit_amount"),
            total_debits: paid.count("total_debits"),
            debit_amount: paid.number("debit_amount"),
            net_revenue: paid.number("debit_amount") - paid.number("credit_amount"),
        },
        data_source: "realtime_consumer",
    };
    observe(&answer);
    Ok(HttpResponse::Ok().json(answer))
}

/// Without games or payments there is nothing to judge.
fn observe(RealtimeSummary { today, payments, .. }: &RealtimeSummary) {
    if today.total_bets > 0.0 {
        RTP.observe(rounded(percent(today.total_payouts, today.total_bets)));
    }
    if today.total_games > 0 {
        WIN_RATE.observe(rounded(today.win_rate));
    }
    if payments.total_credits + payments.total_debits > 0 {
        REVENUE.observe(payments.net_revenue);
    }
}

async fn active_players(database: &Database) -> Result<u64> {
    let players = collection(database, PLAYER_STATS)?;
    let count = players.count_documents(doc! { "last_played": { "$gte": ago(3_600) } });
    Ok(database.run("count", PLAYER_STATS, count).await.map_err(QueryFailed::from)?)
}
