//! A service that is profiled while its database and its broker are under load.

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;
use std::time::{Duration, Instant};

use broker::{Address, Verdict, consume};
use database::mongodb::Client;
use database::mongodb::bson::{Document, doc};
use fixtures::app::App;
use fixtures::common::binary::NO_WATCHDOG;
use fixtures::mongo::Server;
use fixtures::service::Service;
use fixtures::{profile, rabbit, wait};
use futures_util::future::join_all;
use reqwest::Method;
use sentry_context::sentry::Hub;
use serde_json::{Value, json};
use service::DATABASE;
use service::topology::{GAME_RESULTS, TOPOLOGY};

use crate::delivery::BINARY;
use crate::helpers::answer;

/// Players that play at the same time.
const PLAYERS: usize = 16;

/// An attempt to store a game that takes as long, seconds, has reached its limit: that is the machine's fault.
const LIMIT: f64 = 1.2;

/// How long they play: as long as a chunk, which is sent when they are through.
const TIME: Duration = Duration::from_secs(10);

/// How many games they play.
async fn play(app: &App) -> u64 {
    let began = Instant::now();
    let players = (0..PLAYERS).map(async |player| {
        let spin = json!({ "userId": format!("u-{player}"), "bet": 1 });
        let mut games = 0;
        while began.elapsed() < TIME {
            let answer = answer(app.request(Method::POST, "/calculate").json(&spin)).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            games += 1;
        }
        games
    });
    join_all(players).await.into_iter().sum()
}

/// The spans of commands to the database.
fn commands(app: &App) -> Vec<Value> {
    let transactions = app.inbox.transactions();
    let spans = transactions.iter().filter_map(|it| it["spans"].as_array()).flatten();
    spans.filter(|it| it["op"] == "db").cloned().collect()
}

/// How long a span took.
fn seconds(span: &Value) -> f64 {
    span["timestamp"].as_f64().unwrap() - span["start_timestamp"].as_f64().unwrap()
}

fn is_about_time(event: &Value) -> bool {
    event["contexts"]["games_not_stored"]["why"].is_string()
}

#[actix_web::test]
async fn a_profiled_service_under_load_has_no_trouble_with_its_database_and_its_broker() {
    let (Some(server), Some(broker)) = (Server::start(), rabbit::virtual_host()) else { return };
    let (mongodb, rabbitmq) = (server.url(), broker.url());
    let published = Rc::new(RefCell::new(HashSet::new()));
    let arrived = Rc::clone(&published);
    let address = Address::parse(Some(&rabbitmq), "test", &TOPOLOGY).unwrap();
    consume(address, &Hub::current(), &[GAME_RESULTS], async move |delivered| {
        let message: Value = serde_json::from_slice(&delivered.body).unwrap();
        published.borrow_mut().insert(message["data"]["_id"].to_string());
        Verdict::Done
    });
    let inbox = profile::inbox().await;
    let dsn = inbox.dsn();
    let environment =
        [("SENTRY_DSN", dsn.as_str()), NO_WATCHDOG, ("MONGODB_URL", &mongodb), ("RABBITMQ_URL", &rabbitmq)];
    let mut app = App::of(Service::start(BINARY, &environment), inbox);
    let up = json!({ "status": "ready", "mongodb": "up", "rabbitmq": "up" });
    app.wait_for("both", "/ready", |answer| answer.body == up).await;

    let games = play(&app).await;
    // While there is load, chunks come last.
    app.inbox.wait_until("a chunk", |inbox| !profile::chunks(inbox).is_empty()).await.unwrap();
    assert_eq!(app.service.as_mut().unwrap().terminate(), Some(0));

    let stored = Client::with_uri_str(&mongodb).await.unwrap().database(DATABASE);
    let stored = stored.collection::<Document>("games").count_documents(doc! {}).await.unwrap();
    assert_eq!(stored, games, "stored and played");
    wait::until("all messages", async || arrived.borrow().len() as u64 == games).await;
    let commands = commands(&app);
    assert!(!commands.is_empty());
    let failed: Vec<_> = commands.iter().filter(|it| it["status"] != "ok" && seconds(it) < LIMIT).collect();
    assert!(failed.is_empty(), "{failed:?}");
    let events = app.inbox.events();
    assert!(events.iter().all(is_about_time), "{events:?}");
    let chunks = profile::chunks(&app.inbox);
    chunks.iter().for_each(|chunk| chunk.assert_valid("game-engine@1.0.0"));
}
