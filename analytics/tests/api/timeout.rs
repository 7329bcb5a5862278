use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::helpers::{exception, spawn_app};

const ID: &str = "analytics.timeout";

#[actix_web::test]
async fn a_timeout_is_504_when_the_callers_time_is_up() {
    let app = spawn_app().await;
    let started = Instant::now();
    let answer = app.get("/api/debug/timeout?seconds=0.5").await;
    assert!(started.elapsed() >= Duration::from_millis(500));
    assert_eq!((answer.status, &answer.body["type"]), (504, &json!("TimeoutError")));
    assert!(answer.body["detail"].is_string(), "{answer:?}");

    let event = app.event_of(&answer).await;
    // What the wait was limited to, and nothing longer.
    assert_eq!(event["contexts"]["timeout_context"]["limit_seconds"], 0.5);
    assert_eq!(event["fingerprint"], json!(["analytics", "timeout", "GET /api/debug/timeout"]));
    let types: Vec<_> =
        event["exception"]["values"].as_array().unwrap().iter().map(|it| &it["type"]).collect();
    assert_eq!(types, ["Elapsed", "TimeoutError"]);
    assert_eq!(exception(&event)["mechanism"]["handled"], true);
    let transaction = app.transaction("GET /api/debug/timeout").await;
    assert_eq!(transaction["contexts"]["trace"]["status"], "deadline_exceeded");
}

#[actix_web::test]
async fn timeouts_of_different_lengths_are_one_issue() {
    let app = spawn_app().await;
    app.get("/api/debug/timeout?seconds=0.1").await;
    app.get("/api/debug/timeout?seconds=0.2").await;
    app.inbox.wait_until("2 events", |inbox| inbox.events().len() == 2).await.unwrap();
    assert_eq!(app.inbox.issues().len(), 1);
}

#[actix_web::test]
async fn a_caller_that_hangs_up_leaves_nothing_running() {
    let app = spawn_app().await;
    let request = app.request(Method::GET, "/api/debug/timeout?seconds=30");
    let waiting = tokio::task::spawn_local(request.send());
    app.wait_until_active("/api/debug", ID, true).await;
    assert_eq!(app.active("/api/debug", ID).await, json!({ "waiting": 1 }));
    waiting.abort();
    app.wait_until_active("/api/debug", ID, false).await;
    // Nobody waits, so no timeout is reported; how far the request came is.
    let transaction = app.transaction("GET /api/debug/timeout").await;
    assert_eq!(transaction["contexts"]["trace"]["status"], "cancelled");
    assert_eq!(transaction["tags"]["service"], "analytics");
    assert_eq!(app.inbox.events(), Vec::<Value>::new());
}
