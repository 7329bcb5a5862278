//! Sessions: who has played within the last half hour.

use actix_web::{HttpResponse, web};
use database::Database;
use database::mongodb::bson::{DateTime, doc};
use sentry_context::facts;
use sentry_context::failure::Failure;
use sentry_context::step::Step;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::query::{GAMES, Result, now, timestamp};
use super::{PLAIN, rounded, sound};
use crate::endpoint::{Endpoint, Shape};

/// How long a session lasts without a game, seconds.
const WINDOW: u32 = 1_800;

/// Sessions that are listed in detail.
const DETAILED: usize = 10;

pub(crate) static ACTIVE: Endpoint = Endpoint {
    path: "/api/v1/business-metrics/active-sessions",
    summary: "Who has played within the last half hour",
    parameters: &[],
    answers: PLAIN,
    shape: Some(Shape::of::<ActiveSessions>()),
    route: |route| route.to(active),
};

pub(crate) static COUNT: Endpoint = Endpoint {
    path: "/api/v1/business-metrics/sessions",
    summary: "How many have played within the last half hour, and for how long",
    parameters: &[],
    answers: PLAIN,
    shape: Some(Shape::of::<SessionCount>()),
    route: |route| route.to(count),
};

/// The active sessions.
#[derive(Serialize, ToSchema)]
struct ActiveSessions {
    active_sessions: usize,
    total_active_bets: f64,
    avg_games_per_session: f64,
    session_duration_distribution: Distribution,
    /// The ten that bet most.
    sessions_detail: Vec<SessionDetail>,
}

/// How many sessions began how long ago.
#[derive(Default, Serialize, ToSchema)]
struct Distribution {
    #[serde(rename = "0-5min")]
    short: usize,
    #[serde(rename = "5-15min")]
    medium: usize,
    #[serde(rename = "15-30min")]
    long: usize,
}

#[derive(Serialize, ToSchema)]
struct SessionDetail {
    user_id: String,
    games_played: u64,
    total_bet: f64,
    total_payout: f64,
    /// The house's.
    session_profit: f64,
    duration_minutes: f64,
}

/// The active sessions in two figures.
#[derive(Serialize, ToSchema)]
struct SessionCount {
    active_sessions: usize,
    /// Between the first and the last game, seconds.
    avg_duration: f64,
    timestamp: String,
}

#[derive(Deserialize)]
struct Session {
    _id: String,
    games: u64,
    bet: f64,
    payout: f64,
    first: DateTime,
    last: DateTime,
}

impl Session {
    fn first(&self) -> f64 {
        seconds(self.first)
    }

    fn last(&self) -> f64 {
        seconds(self.last)
    }
}

/// Since 1970.
fn seconds(at: DateTime) -> f64 {
    at.timestamp_millis() as f64 / 1e3
}

async fn active(database: web::Data<Database>) -> std::result::Result<HttpResponse, Failure> {
    let now = now();
    let sessions = sessions(&database).await?;
    let games: u64 = sessions.iter().map(|session| session.games).sum();
    let mut distribution = Distribution::default();
    for session in &sessions {
        match (now - session.first()) / 60.0 {
            ..5.0 => distribution.short += 1,
            ..15.0 => distribution.medium += 1,
            _ => distribution.long += 1,
        }
    }
    Ok(HttpResponse::Ok().json(ActiveSessions {
        active_sessions: sessions.len(),
        total_active_bets: sessions.iter().map(|session| session.bet).sum(),
        avg_games_per_session: rounded(games as f64 / sessions.len().max(1) as f64),
        session_duration_distribution: distribution,
        sessions_detail: sessions.into_iter().take(DETAILED).map(|it| detail(it, now)).collect(),
    }))
}

fn detail(session: Session, now: f64) -> SessionDetail {
    SessionDetail {
        games_played: session.games,
        total_bet: session.bet,
        total_payout: session.payout,
        session_profit: session.bet - session.payout,
        duration_minutes: ((now - session.first()) / 6.0).round() / 10.0,
        user_id: session._id,
    }
}

async fn count(database: web::Data<Database>) -> std::result::Result<HttpResponse, Failure> {
    let sessions = sessions(&database).await?;
    let total: f64 = sessions.iter().map(|session| session.last() - session.first()).sum();
    Ok(HttpResponse::Ok().json(SessionCount {
        active_sessions: sessions.len(),
        avg_duration: rounded(total / sessions.len().max(1) as f64),
        timestamp: timestamp(),
    }))
}

/// Those that bet most first.
async fn sessions(database: &Database) -> Result<Vec<Session>> {
    let _step =
        Step::begin("analytics", "looking for active sessions", facts([("window_seconds", WINDOW.into())]));
    let figures = doc! {
        "games": { "$sum": 1 },
        "bet": { "$sum": "$bet" },
        "payout": { "$sum": "$payout" },
        "first": { "$min": "$at" },
        "last": { "$max": "$at" },
    };
    let mut pipeline = sound::since(WINDOW);
    pipeline.push(sound::group(sound::has_amounts(), sound::player(), figures));
    pipeline.push(doc! { "$sort": { "bet": -1, "_id": 1 } });
    sound::rows(database, GAMES, pipeline).await
}
