//! Spins are answered, stored and published whatever Sentry does.

use std::time::Duration;

use broker::{Address, Verdict, consume};
use database::mongodb::Client;
use database::mongodb::bson::{Document, doc};
use fixtures::rabbit;
use futures_util::StreamExt;
use reqwest::Method;
use sentry_context::sentry::Hub;
use serde_json::{Value, json};
use service::topology::{GAME_RESULTS, TOPOLOGY};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

use crate::helpers::{Telemetry, answer, spawn_app_as};

/// A wait for something that never happens fails the test after this time.
const PATIENCE: Duration = Duration::from_secs(60);

#[actix_web::test]
async fn each_spin_is_stored_and_published_as_it_was_answered_without_sentry_unsampled_and_with_it() {
    let Some(broker) = rabbit::virtual_host() else { return };
    let address = Address::parse(Some(&broker.url()), "test", &TOPOLOGY).unwrap();
    let (reported, mut messages) = unbounded_channel();
    consume(address.clone(), &Hub::current(), &[GAME_RESULTS], async move |delivered| {
        reported.send(serde_json::from_slice(&delivered.body).unwrap()).unwrap();
        Verdict::Done
    });
    for telemetry in Telemetry::ALL {
        let Some(url) = fixtures::mongo::database(&format!("outcome_{telemetry:?}")) else { return };
        agrees(telemetry, url, address.clone(), &mut messages).await;
    }
}

/// Answers, games and messages of twenty spins and of some that are refused.
async fn agrees(
    telemetry: Telemetry,
    url: String,
    address: Option<Address>,
    messages: &mut UnboundedReceiver<Value>,
) {
    let database = Client::with_uri_str(&url).await.unwrap().default_database().unwrap();
    let app = spawn_app_as(telemetry, |settings| {
        (settings.shared.mongodb_url, settings.shared.rabbitmq) = (Some(url), address);
    });
    let app = app.await;
    let spin = async |bet: i32| {
        let body = json!({ "userId": format!("{telemetry:?}"), "bet": bet });
        answer(app.request(Method::POST, "/calculate").json(&body)).await
    };
    let mut answered = Vec::new();
    for bet in 1..=20 {
        assert_eq!(spin(-bet).await.status, 400);
        let answer = spin(bet).await;
        assert_eq!(answer.status, 200);
        answered.push(of(&answer.body, f64::from(bet)));
    }
    let mut published = Vec::new();
    for _ in 1..=20 {
        let message = timeout(PATIENCE, messages.recv()).await.unwrap().unwrap();
        assert_eq!(message["data"]["user_id"], format!("{telemetry:?}"));
        published.push(of(&message["data"], message["data"]["bet"].as_f64().unwrap()));
    }
    let games = database.collection::<Document>("games");
    let games = games.find(doc! {}).sort(doc! { "bet": 1 }).await.unwrap();
    let games: Vec<_> = games.map(|game| serde_json::to_value(game.unwrap()).unwrap()).collect().await;
    let stored: Vec<_> = games.iter().map(|game| of(game, game["bet"].as_f64().unwrap())).collect();
    published.sort_by(|one, other| one["bet"].as_f64().partial_cmp(&other["bet"].as_f64()).unwrap());
    assert_eq!(published, answered, "{telemetry:?}");
    assert_eq!(stored, answered, "{telemetry:?}");
}

/// What answer, game and message have in common.
fn of(spin: &Value, bet: f64) -> Value {
    json!({ "bet": bet, "win": spin["win"], "payout": spin["payout"].as_f64(), "symbols": spin["symbols"] })
}
