use futures_util::future::join_all;
use scenario::HEAVY_AT_ONCE;
use serde_json::json;

use crate::helpers::{Answer, App, spawn_app};

/// A loop that outlives the test unless it is cancelled; it runs when this returns.
async fn start_loop(app: &App) -> tokio::task::JoinHandle<reqwest::Result<reqwest::Response>> {
    let request = app.request(reqwest::Method::GET, "/debug/infinite-loop?seconds=30");
    let busy = tokio::task::spawn_local(request.send());
    app.wait_until_active("/debug", "game-engine.infinite-loop", true).await;
    busy
}

async fn places_left(app: &App) -> Answer {
    app.get("/debug/infinite-loop?seconds=0.1").await
}

#[actix_web::test]
async fn a_busy_core_is_reported_with_its_figures() {
    let app = spawn_app().await;
    let answer = app.get("/debug/infinite-loop?seconds=0.3").await;
    assert_eq!(answer.status, 200);
    assert!(answer.body["duration_seconds"].as_f64().unwrap() >= 0.3);
    assert!(answer.body["iterations"].as_u64().unwrap() > 0);
    assert!(answer.body["final_cpu_percent"].as_f64().unwrap() > 0.0);
    let event = app.event("the warning", |event| event["level"] == "warning").await;
    assert_eq!(event["fingerprint"], json!(["game-engine", "infinite-loop"]));
    assert_eq!(event["contexts"]["cpu_spike"]["iterations"], answer.body["iterations"]);
}

#[actix_web::test]
async fn crashes_are_answered_while_a_core_is_busy() {
    let app = spawn_app().await;
    let busy = start_loop(&app).await;
    for _ in 0..10 {
        assert_eq!(app.get("/debug/crash").await.status, 500);
    }
    assert!(!busy.is_finished());
    busy.abort();
}

#[actix_web::test]
async fn a_caller_that_hangs_up_ends_the_loop() {
    let app = spawn_app().await;
    start_loop(&app).await.abort();
    let ended = |event: &serde_json::Value| {
        event["contexts"]["cpu_spike"]["duration_seconds"].as_f64().is_some_and(|s| s < 30.0)
    };
    app.event("the loop's end before its time", ended).await;
}

#[actix_web::test]
async fn heavy_scenarios_beyond_the_limit_are_asked_to_come_back() {
    let app = spawn_app().await;
    let answers = join_all((0..HEAVY_AT_ONCE * 3).map(|_| places_left(&app))).await;
    let busy: Vec<_> = answers.iter().filter(|answer| answer.status == 429).collect();
    let served = answers.iter().filter(|answer| answer.status == 200).count();
    assert!(served >= HEAVY_AT_ONCE, "{answers:?}");
    assert_eq!(served + busy.len(), answers.len());
    for answer in &busy {
        assert_eq!(answer.headers["retry-after"], "1");
        assert_eq!(answer.body["type"], "TooManyRequests");
    }
    assert!(!busy.is_empty(), "nobody was turned away");
    assert_eq!(places_left(&app).await.status, 200);
}
