//! What a delete leaves.

use reqwest::Method;
use serde_json::{Value, json};

use crate::helpers::{answer, envelope, spawn_app};

const LISTS: [&str; 12] = [
    "issues",
    "events",
    "transactions",
    "traces",
    "logs",
    "metrics",
    "sessions",
    "feedback",
    "monitors",
    "replays",
    "attachments",
    "envelopes",
];

#[actix_web::test]
async fn clearing_all_forgets_everything_and_the_counters_too() {
    let app = spawn_app().await;
    app.event(json!({ "message": "gone" })).await;
    app.send("nonsense").await;
    let items = [
        ("transaction", json!({})),
        ("log", json!({ "items": [{}] })),
        ("trace_metric", json!({ "items": [{}] })),
        ("session", json!({ "status": "exited", "attrs": { "release": "a@1" } })),
        ("feedback", json!({ "contexts": { "feedback": { "message": "bad" } } })),
        ("check_in", json!({ "monitor_slug": "job", "status": "ok" })),
        ("replay_event", json!({ "replay_id": crate::helpers::EVENT_ID })),
        ("span", json!({ "trace_id": "t", "span_id": "s" })),
        ("attachment", json!("a file")),
        ("client_report", json!({ "discarded_events": [{ "reason": "r", "category": "c", "quantity": 1 }] })),
    ];
    app.accepted(envelope(json!({ "event_id": crate::helpers::EVENT_ID }), &items)).await;
    let before = app.get("/api/stats").await.body;

    let answer = answer(app.request(Method::DELETE, "/api/all")).await;
    assert_eq!((answer.status, answer.body), (204, Value::Null));
    for name in LISTS {
        assert!(app.list(&format!("/api/{name}"), name).await.is_empty(), "{name}");
    }
    let after = app.get("/api/stats").await.body;
    assert!(after["version"].as_u64() > before["version"].as_u64(), "a page must notice");
    for counter in ["envelopes", "rejected", "bytes"] {
        assert_ne!(before[counter], 0, "{counter}");
        assert_eq!(after[counter], 0, "{counter}");
    }
    assert_eq!((&after["items"], &after["discarded"]), (&json!({}), &json!([])));
    assert!(after["held"].as_object().unwrap().values().all(|held| held == 0), "{}", after["held"]);
}

#[actix_web::test]
async fn clearing_issues_forgets_their_events_and_nothing_else() {
    let app = spawn_app().await;
    let again = app.event(json!({ "message": "gone" })).await;
    let event = json!({ "event_id": again });
    let file =
        [("attachment", json!("a file")), ("user_report", json!({ "event_id": again, "comments": "bad" }))];
    app.accepted(envelope(event.clone(), &file)).await;
    let items = [("transaction", json!({})), ("log", json!({ "items": [{}] }))];
    app.accepted(envelope(json!({}), &items)).await;

    assert_eq!(answer(app.request(Method::DELETE, "/api/issues")).await.status, 204);
    for name in ["issues", "events", "attachments", "feedback"] {
        assert!(app.list(&format!("/api/{name}"), name).await.is_empty(), "{name}");
    }
    for name in ["transactions", "logs", "envelopes"] {
        assert!(!app.list(&format!("/api/{name}"), name).await.is_empty(), "{name}");
    }
    assert_eq!(app.inbox.stats().items["event"], 1, "the counters go on");
    app.accepted(envelope(event, &[("event", json!({ "message": "gone" }))])).await;
    assert_eq!(app.inbox.events().len(), 1, "what was cleared is new when it comes again");
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
