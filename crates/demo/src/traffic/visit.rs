//! What a player does.

use std::time::{Duration, Instant};

use rand::RngExt;
use rand::seq::IndexedRandom;
use scenario::listing::{Entry, Listing};
use scenario::{DEBUG_TOKEN, Method};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::gateway::{Gateway, Visit};
use super::options::Kind;
use super::player;
use crate::http::body;

/// Bets, as people make them.
const BETS: [f64; 8] = [1.0, 2.0, 5.0, 5.0, 10.0, 10.0, 20.0, 50.0];

/// How long a player who hangs up waits before, milliseconds.
const IMPATIENT: std::ops::Range<u64> = 2..60;

/// Where the services are, and their scenarios. Services that are not known are not visited.
#[derive(Debug, Clone, Default)]
pub struct Services {
    /// The game engine.
    pub game_engine: Option<String>,
    /// Payment.
    pub payment: Option<String>,
    /// Analytics.
    pub analytics: Option<String>,
    /// Scenarios that are over at once, each with the URL of its service.
    pub scenarios: Vec<(String, Entry)>,
}

/// What came of a visit.
#[derive(Debug, Clone, Copy)]
pub struct Outcome {
    /// What the gateway answers; `None` if there is no answer.
    pub status: Option<u16>,
    /// How long it took.
    pub elapsed: Duration,
}

impl Services {
    /// Adds a service of that name, and those of its scenarios that a player may meet.
    pub fn add(&mut self, name: &str, url: &str, listing: Option<&Listing>) {
        let place = match name {
            "game-engine" => &mut self.game_engine,
            "payment" => &mut self.payment,
            "analytics" => &mut self.analytics,
            _ => return,
        };
        *place = Some(url.to_owned());
        let scenarios = listing.into_iter().flat_map(|listing| &listing.scenarios);
        let short = |entry: &&Entry| {
            entry.method == Method::Get && entry.unavailable.is_none() && entry.takes_no_number()
        };
        self.scenarios.extend(scenarios.filter(short).map(|entry| (url.to_owned(), entry.clone())));
    }
}

/// Makes a visit.
pub async fn make(kind: Kind, services: &Services, gateway: &Gateway) -> Outcome {
    let begun = Instant::now();
    let player = player::next();
    let name = match kind {
        Kind::Look => "GET /api/v1/players/{id}",
        Kind::Scenario => "GET /api/v1/debug",
        _ => "POST /api/v1/spin",
    };
    let visit = gateway.begin(name, player);
    let bet = BETS.choose(&mut rand::rng()).copied().unwrap_or(1.0);
    let good = json!({ "userId": player.name, "bet": bet });
    let status = match kind {
        Kind::Round => round(&visit, services, &good).await,
        Kind::Mistake => round(&visit, services, &mistyped(player.name)).await,
        Kind::HangUp => {
            let patience = Duration::from_millis(rand::rng().random_range(IMPATIENT));
            timeout(patience, round(&visit, services, &good)).await.ok().flatten()
        }
        Kind::Look => look(&visit, services, player.name).await,
        Kind::Scenario => scenario(&visit, services).await,
    };
    visit.end(status);
    Outcome { status, elapsed: begun.elapsed() }
}

/// A bet that is not a number.
fn mistyped(name: &str) -> Value {
    let bets = [json!(-5), json!(0), json!("ten"), Value::Null, json!({ "amount": 5 })];
    json!({ "userId": name, "bet": bets.choose(&mut rand::rng()) })
}

/// The bet goes to the game engine, and what it wins or loses to payment.
async fn round(visit: &Visit<'_>, services: &Services, bet: &Value) -> Option<u16> {
    let url = services.game_engine.as_ref()?;
    let game = visit
        .call("POST http://game-engine/calculate", |http| http.post(format!("{url}/calculate")).json(bet));
    let game = game.await.ok()?;
    let status = game.status().as_u16();
    let result: Value = serde_json::from_slice(&body(game).await.ok()?).unwrap_or_default();
    let (Some(payout), Some(url)) = (result["payout"].as_f64(), &services.payment) else {
        return Some(status);
    };
    let booking = json!({ "userId": bet["userId"], "bet": bet["bet"], "payout": payout });
    let booked =
        visit.call("POST http://payment/process", |http| http.post(format!("{url}/process")).json(&booking));
    finished(booked.await.ok()?).await
}

async fn look(visit: &Visit<'_>, services: &Services, name: &str) -> Option<u16> {
    let url = services.analytics.as_ref()?;
    let figures = visit.call("GET http://analytics/api/v1/analytics/player-metrics/{user_id}", |http| {
        http.get(format!("{url}/api/v1/analytics/player-metrics/{name}"))
    });
    finished(figures.await.ok()?).await
}

async fn scenario(visit: &Visit<'_>, services: &Services) -> Option<u16> {
    let (url, entry) = services.scenarios.choose(&mut rand::rng())?;
    let token = std::env::var(DEBUG_TOKEN.name).ok().filter(|token| !token.is_empty());
    let name = entry.transaction();
    let met = visit.call(&name, |http| {
        let request = http.get(format!("{url}{}", entry.path_and_query()));
        match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    });
    finished(met.await.ok()?).await
}

/// The status of an answer, once it has been read: the connection can be used again.
async fn finished(answer: reqwest::Response) -> Option<u16> {
    let status = answer.status().as_u16();
    body(answer).await.ok()?;
    Some(status)
}
