use futures_util::future::join_all;
use futures_util::stream::{FuturesUnordered, StreamExt};
use inbox::timestamp;
use reqwest::{Client, Method};
use scenario::HEAVY_AT_ONCE;
use serde_json::{Value, json};

use crate::helpers::{App, answer, spawn_app, spawn_app_with};

/// An answer of the catalogue from whichever worker answers first: each connection goes to the next worker.
async fn first_catalogue(app: &App) -> Value {
    let fresh = Client::builder().pool_max_idle_per_host(0).build().unwrap();
    let url = format!("{}/debug", app.url);
    let mut answers: FuturesUnordered<_> = (0..4).map(|_| answer(fresh.get(&url))).collect();
    answers.next().await.unwrap().body
}

fn running(catalogue: &Value) -> bool {
    let mut scenarios = catalogue["scenarios"].as_array().unwrap().iter();
    scenarios.any(|it| it["id"] == "payment.event-loop-block" && !it["active"].is_null())
}

#[actix_web::test]
async fn while_one_worker_is_blocked_the_other_answers() {
    let app = spawn_app().await;
    let request = app.request(Method::GET, "/debug/event-loop-block?seconds=2");
    let blocked = tokio::task::spawn_local(answer(request));
    // Whoever tells that a worker is blocked is another one.
    while !running(&first_catalogue(&app).await) {
        assert!(!blocked.is_finished(), "nobody answered while it was blocked");
    }
    assert!(!blocked.is_finished());
    let answer = blocked.await.unwrap();
    assert_eq!(answer.status, 200);
    assert!(!running(&first_catalogue(&app).await));
}

#[actix_web::test]
async fn a_blocked_worker_serves_nobody_else() {
    let app = spawn_app_with(|settings| settings.workers = Some(1)).await;
    let request = app.request(Method::GET, "/debug/event-loop-block?seconds=0.5");
    let blocked = tokio::task::spawn_local(answer(request));
    while !blocked.is_finished() {
        assert_eq!(app.get("/health").await.status, 200);
    }
    let block = app.transaction("GET /debug/event-loop-block").await;
    let time = |of: &Value, name: &str| timestamp::seconds(&of[name]).unwrap();
    let overlaps = |it: &Value| {
        time(it, "start_timestamp") < time(&block, "timestamp")
            && time(it, "timestamp") > time(&block, "start_timestamp")
    };
    let transactions = app.inbox.transactions();
    let others: Vec<_> = transactions.iter().filter(|it| it["transaction"] == "GET /health").collect();
    assert!(!others.is_empty() && !others.iter().any(|it| overlaps(it)), "{block} {others:?}");
}

#[actix_web::test]
async fn a_block_is_told_with_its_delay_and_its_worker() {
    let app = spawn_app().await;
    let answer = app.get("/debug/event-loop-block?seconds=0.2").await;
    assert_eq!(answer.status, 200);
    assert!(answer.body["duration_ms"].as_u64().unwrap() >= 200, "{answer:?}");
    assert!(answer.body["status"].is_string() && answer.body["warning"].is_string());
    let event = app.event("the message", |event| event["level"] == "error").await;
    assert_eq!(event["fingerprint"], json!(["payment", "event-loop-block"]));
    let context = &event["contexts"]["event_loop"];
    assert_eq!(context["duration_ms"], answer.body["duration_ms"]);
    assert!(context["worker"].as_str().unwrap().contains("actix"), "{context}");
    let frames = event["threads"]["values"][0]["stacktrace"]["frames"].as_array().unwrap();
    assert_eq!(frames.last().unwrap()["function"], "payment::domain::fraud::Scorings::score");
}

#[actix_web::test]
async fn blocks_beyond_the_limit_never_wait_for_a_place() {
    let app = spawn_app().await;
    let path = "/debug/event-loop-block?seconds=0.1";
    let answers = join_all((0..HEAVY_AT_ONCE * 2).map(|_| app.get(path))).await;
    // How many found a place depends on how they fell on the two workers; none was left without an answer.
    assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 429)), "{answers:?}");
    assert_eq!(app.get(path).await.status, 200);
}
