//! What a delete leaves.

use reqwest::Method;
use serde_json::{Value, json};

use crate::helpers::{answer, envelope, spawn_app};

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
    assert_eq!(after["held"], json!({ "events": 0, "transactions": 0, "profile_chunks": 0, "bytes": 0 }));
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
