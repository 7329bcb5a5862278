//! Transactions, and the errors of their traces.

use serde_json::{Value, json};

use crate::helpers::{App, EVENT_ID, envelope, spawn_app};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

fn transaction(trace: &str, run: &str) -> Value {
    json!({
        "type": "transaction",
        "transaction": "GET /debug/crash",
        "start_timestamp": 1_795_459_484.0,
        "timestamp": "2026-11-23T18:44:44.25Z",
        "contexts": { "trace": {
            "trace_id": trace,
            "span_id": "b7ad6b7169203331",
            "parent_span_id": "00f067aa0ba902b7",
            "op": "http.server",
            "status": "internal_error",
        } },
        "spans": [{ "op": "db" }, { "op": "function" }],
        "tags": { "service": "shop", "demo.run_id": run },
    })
}

async fn send(app: &App, id: &str, transaction: Value) {
    let answer = app.send(envelope(json!({ "event_id": id }), &[("transaction", transaction)])).await;
    assert_eq!((answer.status, &answer.body["id"]), (200, &json!(id)));
}

#[actix_web::test]
async fn a_transaction_is_listed_with_its_facts() {
    let app = spawn_app().await;
    send(&app, EVENT_ID, transaction(TRACE, "run-1")).await;
    let mut listed = app.list("/api/transactions", "transactions").await.remove(0);
    assert!(listed.as_object_mut().unwrap().remove("received_at").unwrap().is_f64());
    let started = inbox::timestamp::seconds(&transaction(TRACE, "run-1")["start_timestamp"]);
    assert_eq!(
        listed,
        json!({
            "event_id": EVENT_ID,
            "project": "1",
            "transaction": "GET /debug/crash",
            "op": "http.server",
            "status": "internal_error",
            "started_at": started,
            "duration_ms": 250.0,
            "trace_id": TRACE,
            "span_id": "b7ad6b7169203331",
            "parent_span_id": "00f067aa0ba902b7",
            "span_count": 2,
            "streamed": false,
            "run_id": "run-1",
            "service": "shop",
        })
    );
    assert!(app.inbox.events().is_empty() && app.inbox.issues().is_empty(), "it is no error");
    assert_eq!(app.inbox.transactions(), [transaction(TRACE, "run-1")]);
}

#[actix_web::test]
async fn a_transaction_knows_the_errors_of_its_trace() {
    let app = spawn_app().await;
    send(&app, EVENT_ID, transaction(TRACE, "run-1")).await;
    let own = app.event(json!({ "message": "own", "contexts": { "trace": { "trace_id": TRACE } } })).await;
    app.event(json!({ "message": "of another", "contexts": { "trace": { "trace_id": "other" } } })).await;
    app.event(json!({ "message": "of none" })).await;
    let answer = app.get(&format!("/api/transactions/{EVENT_ID}")).await;
    assert_eq!(answer.body["transaction"], transaction(TRACE, "run-1"));
    let errors: Vec<&Value> = answer.body["errors"].as_array().unwrap().iter().collect();
    assert_eq!((errors.len(), &errors[0]["event_id"]), (1, &json!(own)));
}

#[actix_web::test]
async fn a_transaction_without_a_trace_knows_no_errors() {
    let app = spawn_app().await;
    send(&app, EVENT_ID, json!({})).await;
    app.event(json!({ "message": "of none" })).await;
    assert_eq!(app.get(&format!("/api/transactions/{EVENT_ID}")).await.body["errors"], json!([]));
}

#[actix_web::test]
async fn lists_are_newest_first_and_can_be_narrowed() {
    let app = spawn_app().await;
    let [a, b, c] = ["a", "b", "c"].map(|digit| digit.repeat(32));
    send(&app, &a, transaction("t1", "one")).await;
    send(&app, &b, transaction("t1", "two")).await;
    send(&app, &c, transaction("t2", "two")).await;
    for (query, expected) in [
        ("", vec![&c, &b, &a]),
        ("?trace=t1", vec![&b, &a]),
        ("?run=two", vec![&c, &b]),
        ("?run=two&trace=t1", vec![&b]),
        ("?limit=2", vec![&c, &b]),
    ] {
        let listed = app.list(&format!("/api/transactions{query}"), "transactions").await;
        let ids: Vec<&str> = listed.iter().map(|it| it["event_id"].as_str().unwrap()).collect();
        assert_eq!(ids, expected, "{query}");
    }
}
