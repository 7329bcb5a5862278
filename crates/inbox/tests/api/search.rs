//! What is found by ids, and traces by their transactions.

use serde_json::json;

use crate::helpers::{envelope, new_id, spawn_app};

/// An id as logs show it.
const DASHED: &str = "72a98148-ac84-4ef7-9df3-8cb1e6ac2519";

#[actix_web::test]
async fn a_trace_is_found_by_its_transactions_and_excluded_by_any_of_them() {
    let app = spawn_app().await;
    for (trace, service, name) in
        [("t1", "shop", "GET /basket"), ("t1", "till", "POST /pay"), ("t2", "shop", "GET /list")]
    {
        let transaction = json!({ "transaction": name, "start_timestamp": 1.0, "timestamp": 2.0, "tags": { "service": service },
            "contexts": { "trace": { "trace_id": trace, "span_id": new_id() } } });
        app.accepted(envelope(json!({ "event_id": new_id() }), &[("transaction", transaction)])).await;
    }
    app.event(json!({ "message": "it", "contexts": { "trace": { "trace_id": "t2" } } })).await;
    for (query, expected) in [
        ("", vec!["t2", "t1"]),
        ("service:till", vec!["t1"]),
        ("service:till%20service:shop", vec!["t1"]),
        ("!service:till", vec!["t2"]),
        ("basket%20pay", vec!["t1"]),
        ("errors:>0", vec!["t2"]),
        ("transactions:2%20!errors:1", vec!["t1"]),
        ("t2", vec!["t2"]),
        ("service:gone", vec![]),
    ] {
        let traces = app.list(&format!("/api/traces?query={query}"), "traces").await;
        let ids: Vec<_> = traces.iter().map(|it| it["trace_id"].as_str().unwrap()).collect();
        assert_eq!(ids, expected, "{query}");
    }
    assert_eq!(app.get("/api/traces?query=service:").await.status, 400);
}

#[actix_web::test]
async fn an_id_is_found_where_it_is_put_into_the_search() {
    let app = spawn_app().await;
    let event = app.event(json!({ "message": "it", "tags": { "order": DASHED } })).await;
    app.event(json!({ "message": "another" })).await;
    let transaction = ("transaction", json!({ "transaction": "GET /" }));
    app.accepted(envelope(json!({ "event_id": DASHED }), &[transaction])).await;
    for query in [event.clone(), format!("id:{event}"), format!("order:{DASHED}")] {
        let issues = app.list(&format!("/api/issues?query={query}"), "issues").await;
        assert_eq!((issues.len(), &issues[0]["title"]), (1, &json!("it")), "{query}");
    }
    for (query, found) in
        [(DASHED, 1), (&DASHED.replace('-', ""), 1), (&format!("id:{DASHED}"), 1), (&event, 0)]
    {
        let listed = app.list(&format!("/api/transactions?query={query}"), "transactions").await;
        assert_eq!(listed.len(), found, "{query}");
    }
}
