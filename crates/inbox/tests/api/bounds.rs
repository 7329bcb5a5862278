//! What the inbox forgets, and that it says so.

use inbox::{Limits, Options};
use reqwest::Method;
use serde_json::{Value, json};

use crate::helpers::{App, answer, envelope, spawn_app, spawn_app_with};

async fn bounded(limits: Limits) -> App {
    spawn_app_with(Options { limits, ..Options::default() }).await
}

fn texts(app: &App) -> Vec<Value> {
    app.inbox.events().iter().map(|event| event["message"].clone()).collect()
}

#[actix_web::test]
async fn the_oldest_events_go_when_there_are_too_many() {
    let app = bounded(Limits { events: 2, ..Limits::default() }).await;
    for text in ["first", "second", "third"] {
        app.event(json!({ "message": text, "fingerprint": ["one issue"] })).await;
    }
    assert_eq!(texts(&app), ["second", "third"]);
    let stats = app.inbox.stats();
    assert_eq!((stats.held.events, stats.evicted["events"], stats.items["event"]), (2, 1, 3));
    assert_eq!(app.inbox.issues()[0].count, 3, "an issue counts what is forgotten");
}

#[actix_web::test]
async fn an_event_that_is_forgotten_is_404_and_its_issue_is_not() {
    let app = bounded(Limits { events: 1, ..Limits::default() }).await;
    let gone = app.event(json!({ "message": "old" })).await;
    app.event(json!({ "message": "new" })).await;
    assert_eq!(app.get(&format!("/api/events/{gone}")).await.status, 404);
    let issue = app.get("/api/issues/1").await;
    assert_eq!((issue.status, &issue.body["last_event_id"]), (200, &json!(gone)));
}

#[actix_web::test]
async fn the_oldest_events_go_when_they_are_too_long() {
    let app = bounded(Limits { bytes: 2_500, ..Limits::default() }).await;
    for text in ["a", "b", "c"] {
        app.event(json!({ "message": text, "extra": "x".repeat(1_000) })).await;
    }
    assert_eq!(texts(&app), ["b", "c"]);
    let stats = app.inbox.stats();
    assert_eq!(stats.evicted["events"], 1);
    assert!((2_000..=2_500).contains(&stats.held.bytes), "{stats:?}");
}

#[actix_web::test]
async fn an_event_longer_than_all_bounds_is_kept_alone() {
    let app = bounded(Limits { bytes: 100, ..Limits::default() }).await;
    app.event(json!({ "message": "short" })).await;
    app.event(json!({ "message": "x".repeat(1_000) })).await;
    assert_eq!(texts(&app), ["x".repeat(1_000)]);
}

#[actix_web::test]
async fn transactions_have_bounds_of_their_own() {
    let app = bounded(Limits { transactions: 1, ..Limits::default() }).await;
    app.event(json!({ "message": "stays" })).await;
    for id in ["11111111111111111111111111111111", "22222222222222222222222222222222"] {
        app.accepted(envelope(json!({ "event_id": id }), &[("transaction", json!({ "transaction": id }))]))
            .await;
    }
    assert_eq!(app.inbox.transactions()[0]["transaction"], "22222222222222222222222222222222");
    let stats = app.inbox.stats();
    assert_eq!((stats.held.transactions, stats.evicted["transactions"], stats.held.events), (1, 1, 1));
}

#[actix_web::test]
async fn logs_and_metrics_are_bounded_by_count() {
    let app = spawn_app().await;
    for (ty, name) in [("log", "logs"), ("trace_metric", "metrics")] {
        let entries: Vec<Value> = (0..10_001).map(|number| json!({ "number": number })).collect();
        app.accepted(envelope(json!({}), &[(ty, json!({ "items": entries }))])).await;
        let kept = app.list(&format!("/api/{name}?limit=20000"), name).await;
        assert_eq!(kept.len(), 10_000);
        assert_eq!(kept.last().unwrap()["number"], 1, "the oldest is gone");
        assert_eq!(app.inbox.stats().evicted[name], 1);
    }
}

#[actix_web::test]
async fn logs_and_metrics_are_bounded_by_bytes() {
    let app = bounded(Limits { bytes: 16_000, ..Limits::default() }).await;
    for (ty, name) in [("log", "logs"), ("trace_metric", "metrics")] {
        let entry = json!({ "body": "x".repeat(500) });
        app.accepted(envelope(json!({}), &[(ty, json!({ "items": [entry, entry, entry, entry] }))])).await;
        assert_eq!(app.list(&format!("/api/{name}"), name).await.len(), 3);
        assert_eq!(app.inbox.stats().evicted[name], 1);
    }
}

#[actix_web::test]
async fn delete_forgets_everything_and_the_counters_too() {
    let app = spawn_app().await;
    app.event(json!({ "message": "gone" })).await;
    app.send("nonsense").await;
    let items = [
        ("transaction", json!({})),
        ("log", json!({ "items": [{}] })),
        ("trace_metric", json!({ "items": [{}] })),
        ("session", json!({ "status": "exited", "attrs": { "release": "a@1" } })),
        ("client_report", json!({ "discarded_events": [{ "reason": "r", "category": "c", "quantity": 1 }] })),
    ];
    app.accepted(envelope(json!({ "event_id": crate::helpers::EVENT_ID }), &items)).await;
    let before = app.get("/api/stats").await.body;

    let answer = answer(app.request(Method::DELETE, "/api/issues")).await;
    assert_eq!((answer.status, answer.body), (204, Value::Null));
    for name in ["issues", "events", "transactions", "logs", "metrics", "sessions"] {
        assert!(app.list(&format!("/api/{name}"), name).await.is_empty(), "{name}");
    }
    let after = app.get("/api/stats").await.body;
    assert!(after["version"].as_u64() > before["version"].as_u64(), "a page must notice");
    for counter in ["envelopes", "rejected", "bytes"] {
        assert_ne!(before[counter], 0, "{counter}");
        assert_eq!(after[counter], 0, "{counter}");
    }
    assert_eq!((&after["items"], &after["discarded"]), (&json!({}), &json!([])));
    assert_eq!(after["held"], json!({ "events": 0, "transactions": 0, "bytes": 0 }));
}

#[actix_web::test]
async fn an_issue_that_comes_back_after_a_delete_is_another() {
    let app = spawn_app().await;
    app.event(json!({ "message": "it" })).await;
    let old = app.inbox.issues()[0].id.clone();
    answer(app.request(Method::DELETE, "/api/issues")).await;
    app.event(json!({ "message": "it" })).await;
    let issue = &app.inbox.issues()[0];
    assert_eq!(issue.count, 1);
    assert_ne!(issue.id, old, "a page that shows the old one must not show this");
}
