//! Games are stored, whatever happens to the database or on the way to it.

use std::time::Duration;

use database::State;
use database::mongodb::bson::{Document, doc};
use database::mongodb::{Client, Database};
use fixtures::mongo::Server;
use fixtures::proxy::Proxy;
use futures_util::future::join_all;
use game_engine::domain::played::Game;
use game_engine::domain::spin::Spin;
use game_engine::domain::unstored::{GameStore, Stored};
use reqwest::Method;
use sentry_context::sentry::Hub;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::helpers::{App, answer, connect, exception, spawn_app_with};

/// A wait for something that never happens fails the test after this time.
const PATIENCE: Duration = Duration::from_secs(60);

async fn database(url: &str) -> Database {
    Client::with_uri_str(url).await.unwrap().database("sentry_poc")
}

/// So many spins at once; all are answered.
async fn play(app: &App, spins: usize) {
    let spin = json!({ "userId": "alice", "bet": 1 });
    let spins = (0..spins).map(|_| answer(app.request(Method::POST, "/calculate").json(&spin)));
    for answer in join_all(spins).await {
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

async fn stored(database: &Database, games: u64) {
    let games_stored = database.collection::<Document>("games");
    let wait = async {
        while games_stored.count_documents(doc! {}).await.unwrap() != games {
            sleep(Duration::from_millis(20)).await;
        }
    };
    let waited = timeout(PATIENCE, wait).await;
    assert!(waited.is_ok(), "not {games} but {:?}", games_stored.count_documents(doc! {}).await);
}

fn outcomes(app: &App) -> Vec<Value> {
    let transactions = app.inbox.transactions();
    let spins = transactions.iter().filter(|it| it["transaction"] == "POST /calculate");
    spins.map(|it| it["tags"]["game.stored"].clone()).collect()
}

/// What was reported but that games wait. On a busy machine, they do for a moment.
fn trouble(app: &App) -> Vec<Value> {
    let waits = |event: &Value| exception(event)["type"] == "GamesNotStoredError";
    app.inbox.events().into_iter().filter(|event| !waits(event)).collect()
}

#[actix_web::test]
async fn connections_that_are_cut_cost_no_game() {
    let Some(server) = Server::start() else { return };
    let proxy = Proxy::start(&server.url(), None).await;
    let app = spawn_app_with(|settings| settings.shared.mongodb_url = Some(proxy.url())).await;
    let database = database(&server.url()).await;
    for round in 0..5 {
        // Several at once, so that the pool has several connections, all of which are idle when they are cut.
        play(&app, 10).await;
        stored(&database, round * 20 + 10).await;
        proxy.cut_all();
        play(&app, 10).await;
        stored(&database, round * 20 + 20).await;
    }
    assert!(proxy.cuts() >= 5, "{}", proxy.cuts());
    let all = |_: &inbox::Inbox| outcomes(&app).len() == 100;
    app.inbox.wait_until("all transactions", all).await.unwrap();
    // On a busy machine an attempt may take too long, and its game waits for a moment.
    let kept = |stored: &Value| stored == "yes" || stored == "later";
    assert!(outcomes(&app).iter().all(kept), "{:?}", outcomes(&app));
    assert_eq!(trouble(&app), Vec::<Value>::new());
}

#[actix_web::test]
async fn connections_that_are_cut_while_they_are_idle_cost_no_game() {
    let Some(server) = Server::start() else { return };
    let idle_limit = Duration::from_millis(200);
    let proxy = Proxy::start(&server.url(), Some(idle_limit)).await;
    let app = spawn_app_with(|settings| settings.shared.mongodb_url = Some(proxy.url())).await;
    for _ in 0..5 {
        let before = proxy.cuts();
        play(&app, 8).await;
        // Those of the pool, and the one over which the driver looks for its server.
        let cut = async {
            while proxy.cuts() < before + 4 {
                sleep(idle_limit / 4).await;
            }
        };
        timeout(PATIENCE, cut).await.unwrap();
    }
    stored(&database(&server.url()).await, 40).await;
    assert_eq!(trouble(&app), Vec::<Value>::new());
}

#[actix_web::test]
async fn games_of_an_outage_are_reported_once_and_stored_when_it_is_over() {
    let Some(mut server) = Server::start() else { return };
    let app = spawn_app_with(|settings| settings.shared.mongodb_url = Some(server.url())).await;
    play(&app, 1).await;
    server.kill();
    for _ in 0..5 {
        play(&app, 10).await;
    }
    let event = app.event("the report", |_| true).await;
    assert_eq!(exception(&event)["type"], "GamesNotStoredError");
    assert_eq!(event["fingerprint"], json!(["game-engine", "GamesNotStoredError"]));
    let all = |_: &inbox::Inbox| outcomes(&app).len() == 51;
    app.inbox.wait_until("all transactions", all).await.unwrap();
    assert_eq!(outcomes(&app).iter().filter(|stored| *stored == "later").count(), 50);
    let counted = |inbox: &inbox::Inbox| {
        let metrics = inbox.metrics();
        let of_it = metrics.iter().filter(|metric| metric["name"] == "games.not_stored");
        of_it.map(|metric| metric["value"].as_f64().unwrap()).sum::<f64>() == 50.0
    };
    app.inbox.wait_until("fifty counted", counted).await.unwrap();
    assert_eq!(app.inbox.events().len(), 1);

    // It comes back empty.
    server.restart();
    stored(&database(&server.url()).await, 50).await;
    play(&app, 1).await;
    stored(&database(&server.url()).await, 51).await;
}

#[actix_web::test]
async fn no_more_games_wait_than_have_room() {
    // Nobody listens there.
    let database = connect(Some("mongodb://127.0.0.1:1")).await;
    let down = async {
        while database.state() != State::Down {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, down).await.unwrap();
    let games = GameStore::start(database, &Hub::current());
    let spin = Spin { win: false, payout: 0.0, symbols: ["🍒", "🍋", "🍊"] };
    let mut outcomes = Vec::new();
    for _ in 0..10_003 {
        outcomes.push(games.store(Game::new("alice".to_owned(), 1.0, spin.clone())).await);
    }
    let of = |outcome: Stored| outcomes.iter().filter(|it| **it == outcome).count();
    assert_eq!((of(Stored::Now), of(Stored::Later), of(Stored::Never)), (0, 10_000, 3));
    assert_eq!(games.finish(Duration::ZERO).await, 10_000);
}
