use futures_util::future::join_all;
use futures_util::stream::{FuturesUnordered, StreamExt};
use inbox::timestamp;
use reqwest::{Client, Method};
use scenario::HEAVY_AT_ONCE;
use serde_json::{Value, json};

use crate::helpers::{App, answer, spawn_app, spawn_app_with, top_frame};

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
async fn a_stall_is_found_by_a_watchdog_that_was_not_told_and_reported_once() {
    let app = spawn_app().await;
    let request = app
        .request(Method::GET, "/debug/event-loop-block?seconds=2.5")
        .header("X-User-Id", "carol")
        .header("X-Demo-Run", "run-7");
    assert_eq!(answer(request).await.status, 200);
    let again = |event: &Value| event["level"] == "info";
    let recovered = app.event("the end of the stall", again).await;
    let events = app.inbox.events();
    let found: Vec<_> = events.iter().filter(|it| exception_type(it) == "EventLoopBlocked").collect();
    assert_eq!((found.len(), events.len()), (1, 3), "{events:?}");

    let stall = found[0];
    assert_eq!(top_frame(stall)["function"], "payment::domain::fraud::compare_all_pairs");
    assert_eq!(top_frame(stall)["in_app"], true);
    assert_eq!(stall["fingerprint"][2], "payment::domain::fraud::compare_all_pairs");
    assert_eq!(stall["transaction"], "GET /debug/event-loop-block");
    assert_eq!((&stall["user"]["id"], &stall["tags"]["demo.run_id"]), (&json!("carol"), &json!("run-7")));
    assert!(stall["contexts"]["event_loop"]["delay_ms"].as_u64().unwrap() >= 1_000);
    assert!(recovered["contexts"]["event_loop"]["delay_ms"].as_u64().unwrap() >= 2_500);
    assert_eq!(recovered["contexts"]["trace"]["trace_id"], stall["contexts"]["trace"]["trace_id"]);
}

#[actix_web::test]
async fn a_block_below_the_threshold_is_no_stall() {
    let app = spawn_app().await;
    assert_eq!(app.get("/debug/event-loop-block?seconds=0.5").await.status, 200);
    // Whatever the watchdog found would be on its way before the next message.
    assert_eq!(app.get("/debug/event-loop-block?seconds=0.3").await.status, 200);
    app.inbox.wait_until("both messages", |inbox| inbox.events().len() >= 2).await.unwrap();
    assert!(app.inbox.events().iter().all(|event| event["exception"].is_null()));
}

fn exception_type(event: &Value) -> &str {
    event["exception"]["values"][0]["type"].as_str().unwrap_or_default()
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
