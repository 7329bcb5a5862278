//! Logs, metrics, client reports, and the counters.

use serde_json::{Value, json};

use crate::helpers::{EVENT_ID, envelope, message, spawn_app};

#[actix_web::test]
async fn logs_are_flattened_newest_first_and_found_by_trace() {
    let app = spawn_app().await;
    let log = |body: &str, trace: &str| json!({ "body": body, "trace_id": trace, "level": "warn" });
    app.accepted(envelope(json!({}), &[("log", json!({ "items": [log("a", "t1"), log("b", "t2")] }))])).await;
    app.accepted(envelope(json!({}), &[("log", json!({ "items": [log("c", "t1")] }))])).await;
    assert_eq!(app.list("/api/logs", "logs").await, [log("c", "t1"), log("b", "t2"), log("a", "t1")]);
    assert_eq!(app.list("/api/logs?trace=t1", "logs").await, [log("c", "t1"), log("a", "t1")]);
    assert_eq!(app.list("/api/logs?limit=1", "logs").await, [log("c", "t1")]);
    assert_eq!(app.inbox.logs().len(), 3);
}

#[actix_web::test]
async fn metrics_are_flattened_newest_first() {
    let app = spawn_app().await;
    let metric = |value: f64| json!({ "name": "business.rtp", "type": "gauge", "value": value });
    let items = json!({ "items": [metric(89.5), metric(91.0)] });
    app.accepted(envelope(json!({}), &[("trace_metric", items)])).await;
    assert_eq!(app.list("/api/metrics", "metrics").await, [metric(91.0), metric(89.5)]);
    assert_eq!(app.list("/api/metrics?limit=1", "metrics").await, [metric(91.0)]);
}

#[actix_web::test]
async fn client_reports_are_summed_by_reason_and_category() {
    let app = spawn_app().await;
    let lost = |reason: &str, category: &str, quantity: u64| json!({ "reason": reason, "category": category, "quantity": quantity, "by_rule": false });
    for lines in [
        json!([lost("queue_overflow", "error", 3), lost("ratelimit_backoff", "error", 1)]),
        json!([lost("queue_overflow", "error", 4), lost("queue_overflow", "transaction", 9)]),
    ] {
        app.accepted(envelope(json!({}), &[("client_report", json!({ "discarded_events": lines }))])).await;
    }
    assert_eq!(
        app.get("/api/stats").await.body["discarded"],
        json!([
            lost("queue_overflow", "error", 7),
            lost("queue_overflow", "transaction", 9),
            lost("ratelimit_backoff", "error", 1),
        ])
    );
}

#[actix_web::test]
async fn items_of_unknown_types_are_accepted_and_counted() {
    let app = spawn_app().await;
    let items = [("monitor", json!({})), ("next_year", json!([])), ("next_year", json!(7))];
    let answer = app.send(envelope(json!({}), &items)).await;
    assert_eq!((answer.status, &answer.body), (200, &json!({ "id": null })));
    let stats = app.get("/api/stats").await.body;
    assert_eq!(stats["items"], json!({ "monitor": 1, "next_year": 2 }));
    assert_eq!(stats["item_bytes"], json!({ "monitor": 2, "next_year": 3 }));
}

#[actix_web::test]
async fn an_answer_names_the_id_of_the_envelope_where_nothing_else_has_one() {
    let app = spawn_app().await;
    let answer = app.send(envelope(json!({ "event_id": EVENT_ID }), &[("attachment", json!({}))])).await;
    assert_eq!(answer.body, json!({ "id": EVENT_ID }));
}

#[actix_web::test]
async fn the_counters_count() {
    let app = spawn_app().await;
    let sent = message("it");
    let version = |stats: &Value| stats["version"].as_u64().unwrap();
    let fresh = app.get("/api/stats").await.body;
    app.accepted(sent.clone()).await;
    let after_one = app.get("/api/stats").await.body;
    app.send("nonsense").await;
    let mut stats = app.get("/api/stats").await.body;
    assert!(version(&fresh) < version(&after_one) && version(&after_one) < version(&stats));
    stats.as_object_mut().unwrap().remove("version");
    let evicted = stats.as_object_mut().unwrap().remove("evicted").unwrap();
    assert!(evicted.as_object().unwrap().values().all(|count| count == 0), "{evicted}");
    let all = stats.as_object_mut().unwrap().remove("held").unwrap();
    assert_eq!((&all["events"], &all["envelopes"], &all["transactions"]), (&json!(1), &json!(2), &json!(0)));
    let held = all["bytes"].as_u64().unwrap();
    let payload = json!({ "message": "it" }).to_string().len() as u64;
    assert!((payload..10_000).contains(&held), "what memory it takes: {held}");
    assert_eq!(
        stats,
        json!({
            "envelopes": 1,
            "rejected": 1,
            "refused_items": 0,
            "duplicates": 0,
            "bytes": sent.len(),
            "items": { "event": 1 },
            "item_bytes": { "event": payload },
            "discarded": [],
        })
    );
}

#[actix_web::test]
async fn looking_changes_no_version() {
    let app = spawn_app().await;
    app.accepted(message("it")).await;
    let before = app.inbox.stats().version;
    for path in ["/api/issues", "/api/events", "/api/transactions", "/api/stats", "/"] {
        app.http.get(format!("{}{path}", app.inbox.url())).send().await.unwrap();
    }
    assert_eq!(app.inbox.stats().version, before, "or the page would redraw for ever");
}
