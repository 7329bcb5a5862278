//! Spans that come by themselves, and traces.

use serde_json::{Value, json};

use crate::helpers::{App, EVENT_ID, envelope, new_id, spawn_app};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const ROOT: &str = "b7ad6b7169203331";

/// A container of spans, as a client that streams sends it.
async fn stream(app: &App, spans: &[Value]) {
    let payload = json!({ "version": 2, "items": spans }).to_string();
    let header = json!({ "type": "span", "length": payload.len(), "item_count": spans.len(),
        "content_type": "application/vnd.sentry.items.span.v2+json" });
    app.accepted(format!("{{}}\n{header}\n{payload}\n")).await;
}

fn text(value: &str) -> Value {
    json!({ "type": "string", "value": value })
}

fn span(id: &str, parent: &str, start: f64, name: &str) -> Value {
    json!({
        "trace_id": TRACE, "span_id": id, "parent_span_id": parent, "name": name, "status": "ok",
        "is_segment": false, "start_timestamp": start, "end_timestamp": start + 0.25,
        "attributes": { "sentry.op": text("db"), "sentry.segment.id": text(ROOT),
            "rows": { "type": "integer", "value": 7 } },
    })
}

fn segment(id: &str) -> Value {
    json!({
        "trace_id": TRACE, "span_id": id, "name": "GET /basket", "status": "error", "is_segment": true,
        "start_timestamp": 1_795_459_484.0, "end_timestamp": 1_795_459_485.0,
        "attributes": { "sentry.op": text("http.server"), "sentry.release": text("shop@1"),
            "sentry.environment": text("test"), "service.name": text("shop"), "user.id": text("ann") },
    })
}

#[actix_web::test]
async fn streamed_spans_are_put_together_whichever_comes_first() {
    let app = spawn_app().await;
    stream(&app, &[span("1111111111111111", ROOT, 1_795_459_484.5, "second")]).await;
    stream(&app, &[span("2222222222222222", "1111111111111111", 1_795_459_484.25, "first"), segment(ROOT)])
        .await;
    stream(&app, &[span("3333333333333333", ROOT, 1_795_459_484.75, "third")]).await;
    // What comes twice is there once.
    stream(&app, &[span("3333333333333333", ROOT, 1_795_459_484.75, "third"), segment(ROOT)]).await;
    let mut listed = app.list("/api/transactions", "transactions").await;
    assert_eq!(listed.len(), 1);
    let id = format!("{}{ROOT}", &TRACE[..16]);
    assert!(listed[0].as_object_mut().unwrap().remove("received_at").is_some());
    assert_eq!(
        listed[0],
        json!({ "event_id": id, "project": "1", "transaction": "GET /basket", "op": "http.server",
            "status": "error", "started_at": 1_795_459_484.0, "duration_ms": 1_000.0, "trace_id": TRACE,
            "span_id": ROOT, "parent_span_id": null, "span_count": 3, "streamed": true, "run_id": null,
            "service": "shop" })
    );
    let shown = app.get(&format!("/api/transactions/{id}")).await.body["transaction"].clone();
    let names: Vec<_> =
        shown["spans"].as_array().unwrap().iter().map(|it| it["description"].clone()).collect();
    assert_eq!(names, ["first", "second", "third"]);
    assert_eq!(shown["contexts"]["trace"]["op"], "http.server");
    assert_eq!((&shown["release"], &shown["user"]["id"]), (&json!("shop@1"), &json!("ann")));
    assert_eq!(shown["spans"][0]["data"]["rows"], 7);
}

#[actix_web::test]
async fn a_single_span_is_kept_too_and_children_are_found_by_their_parents() {
    let app = spawn_app().await;
    let root = json!({ "trace_id": TRACE, "span_id": ROOT, "segment_id": ROOT, "op": "ui.interaction",
        "description": "click", "start_timestamp": 1.0, "timestamp": 1.5, "data": { "sentry.release": "web@1" } });
    let child = json!({ "trace_id": TRACE, "span_id": "1111111111111111", "parent_span_id": ROOT, "op": "http.client",
        "start_timestamp": 1.1, "timestamp": 1.2 });
    for payload in [child, root] {
        app.accepted(envelope(json!({}), &[("span", payload)])).await;
    }
    let listed = app.list("/api/transactions", "transactions").await;
    assert_eq!(
        (listed.len(), &listed[0]["transaction"], &listed[0]["span_count"]),
        (1, &json!("click"), &json!(1))
    );
    for bad in [json!({ "trace_id": TRACE }), json!({ "span_id": ROOT }), json!([])] {
        assert_eq!(app.send(envelope(json!({}), &[("span", bad)])).await.status, 400);
    }
}

#[actix_web::test]
async fn spans_are_bounded_by_count_and_by_bytes() {
    let app = spawn_app().await;
    for batch in 0..51 {
        let of =
            |number: i32| json!({ "trace_id": "t", "span_id": format!("{batch}-{number}"), "name": "s" });
        stream(&app, &(0..1_000).map(of).collect::<Vec<_>>()).await;
    }
    let stats = app.inbox.stats();
    assert_eq!((stats.held.spans, stats.evicted["spans"]), (50_000, 1_000));
    let trace = app.get("/api/traces/t").await.body;
    assert_eq!((trace["spans"].as_array().unwrap().len(), &trace["omitted_spans"]), (5_000, &json!(45_000)));
}

#[actix_web::test]
async fn a_trace_has_the_spans_errors_and_logs_of_all_services() {
    let app = spawn_app().await;
    let of = |service: &str, span: &str, parent: Value, start: f64| {
        json!({
            "transaction": format!("GET /{service}"), "start_timestamp": start, "timestamp": start + 1.0,
            "tags": { "service": service },
            "contexts": { "trace": { "trace_id": TRACE, "span_id": span, "parent_span_id": parent, "op": "http.server",
                "status": "ok" } },
            "spans": [{ "trace_id": TRACE, "span_id": format!("{service}-db"), "parent_span_id": span, "op": "db",
                "description": "find", "start_timestamp": start + 0.1, "timestamp": start + 0.3 }],
        })
    };
    let shop = new_id();
    app.accepted(envelope(
        json!({ "event_id": new_id() }),
        &[("transaction", of("billing", "b", json!("a"), 101.0))],
    ))
    .await;
    app.accepted(envelope(
        json!({ "event_id": shop }),
        &[("transaction", of("shop", "a", Value::Null, 100.0))],
    ))
    .await;
    stream(&app, &[span("s", "b", 101.5, "streamed")]).await;
    let error = app
        .event(json!({ "message": "it", "contexts": { "trace": { "trace_id": TRACE, "span_id": "b" } } }))
        .await;
    app.event(json!({ "message": "of another trace" })).await;
    let log = json!({ "body": "sold out", "trace_id": TRACE, "span_id": "a" });
    app.accepted(envelope(json!({}), &[("log", json!({ "items": [log, { "body": "other" }] }))])).await;

    let trace = app.get(&format!("/api/traces/{TRACE}")).await.body;
    let spans: Vec<_> = trace["spans"].as_array().unwrap().iter().map(|it| it["span_id"].clone()).collect();
    assert_eq!(spans, ["a", "shop-db", "b", "billing-db", "s"], "the earliest first");
    assert_eq!(
        trace["spans"][1],
        json!({ "span_id": "shop-db", "parent_span_id": "a", "start": 100.1, "duration_ms": 200.0, "op": "db",
            "description": "find", "status": null, "service": "shop", "project": "1", "transaction_id": shop,
            "transaction": false })
    );
    assert_eq!((&trace["start"], &trace["end"]), (&json!(100.0), &json!(102.0)));
    assert_eq!(trace["services"], json!(["shop", "billing", "1"]));
    let errors = trace["errors"].as_array().unwrap();
    assert_eq!(
        (errors.len(), &errors[0]["event_id"], &errors[0]["span_id"]),
        (1, &json!(error), &json!("b"))
    );
    assert_eq!(trace["logs"], json!([log]));

    let listed = app.list("/api/traces", "traces").await;
    let summary = &listed[0];
    assert_eq!(
        (listed.len(), &summary["name"], &summary["services"]),
        (1, &json!("GET /shop"), &json!(["shop", "billing"]))
    );
    assert_eq!(
        (&summary["errors"], &summary["spans"], &summary["duration_ms"]),
        (&json!(1), &json!(4), &json!(2_000.0))
    );
    assert_eq!(app.get(&format!("/api/traces/{EVENT_ID}")).await.status, 404);
}

#[actix_web::test]
async fn errors_and_logs_of_a_trace_are_bounded() {
    let app = spawn_app().await;
    let items: Vec<_> =
        (0..1_100).map(|number| json!({ "body": number.to_string(), "trace_id": "t" })).collect();
    app.accepted(envelope(json!({}), &[("log", json!({ "items": items }))])).await;
    for _ in 0..3 {
        let event =
            || json!({ "event_id": new_id(), "message": "it", "contexts": { "trace": { "trace_id": "t" } } });
        let events: Vec<_> = (0..70).map(|_| ("event", event())).collect();
        app.accepted(envelope(json!({}), &events)).await;
    }
    let trace = app.get("/api/traces/t").await.body;
    assert_eq!((trace["logs"].as_array().unwrap().len(), &trace["omitted_logs"]), (1_000, &json!(100)));
    assert_eq!((trace["errors"].as_array().unwrap().len(), &trace["omitted_errors"]), (200, &json!(10)));
    assert_eq!((&trace["logs"][999]["body"], &trace["start"]), (&json!("1099"), &Value::Null));
}
