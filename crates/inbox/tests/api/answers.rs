//! The types that the inbox exports of its API.

use inbox::answers::{
    Attachments, Charts, ClientReports, Envelopes, EventDetails, Events, FeedbackList, IssueFacts, Issues,
    Logs, MetricNames, MetricSeries, Metrics, Monitors, Refusal, Replays, SessionsByRelease, Trace, Traces,
    TransactionDetails, Transactions,
};
use inbox::{Issue, Stats};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::helpers::{App, EVENT_ID, envelope, exception, spawn_app, with};

const TRANSACTION_ID: &str = "fedcba9876543210fedcba9876543210";

/// Reads an answer as its type, after a later version has added a field, and compares nothing but what there is now.
async fn is_read<T: DeserializeOwned + Serialize>(app: &App, path: &str) -> T {
    let body = app.get(path).await.body;
    let later = with(body.clone(), json!({ "a field of a later version": { "of": [1] } }));
    let read: T = serde_json::from_str(&later.to_string()).unwrap_or_else(|error| panic!("{path}: {error}"));
    assert_eq!(serde_json::to_value(&read).unwrap(), body, "{path}");
    read
}

/// Something of every kind.
async fn filled() -> App {
    let app = spawn_app().await;
    let trace = json!({ "contexts": { "trace": { "trace_id": "t1", "op": "http.server", "status": "ok" } },
        "tags": { "service": "shop", "scenario": "shop.crash", "demo.run_id": "r1" } });
    let event = with(exception("ShopError", "sold out", "shop::buy"), trace.clone());
    let header = json!({ "event_id": EVENT_ID, "trace": { "trace_id": "t1" } });
    app.accepted(envelope(header, &[("event", event), ("attachment", json!("a file"))])).await;
    let times = json!({ "start_timestamp": 1.0, "timestamp": 1.5, "spans": [{}], "transaction": "GET /buy" });
    app.accepted(envelope(json!({ "event_id": TRANSACTION_ID }), &[("transaction", with(times, trace))]))
        .await;
    let entries = json!({ "items": [{ "body": "sold out", "trace_id": "t1" }] });
    let lost = json!([{ "reason": "queue_overflow", "category": "error", "quantity": 3 }]);
    app.accepted(envelope(
        json!({}),
        &[
            ("log", entries.clone()),
            ("trace_metric", entries),
            ("session", json!({ "status": "crashed", "attrs": { "release": "shop@1" } })),
            ("client_report", json!({ "discarded_events": lost })),
            ("user_report", json!({ "event_id": EVENT_ID, "comments": "It broke" })),
            ("check_in", json!({ "monitor_slug": "settle", "status": "ok" })),
            ("replay_event", json!({ "replay_id": EVENT_ID })),
        ],
    ))
    .await;
    app
}

#[actix_web::test]
async fn each_answer_is_read_as_its_type_and_written_as_it_was() {
    let app = filled().await;
    assert_eq!(is_read::<Issues>(&app, "/api/issues").await.issues.len(), 1);
    assert_eq!(is_read::<Issue>(&app, "/api/issues/1").await.count, 1);
    assert_eq!(is_read::<Events>(&app, "/api/events").await.events[0].event_id, EVENT_ID);
    assert_eq!(
        is_read::<Transactions>(&app, "/api/transactions").await.transactions[0].duration_ms,
        Some(500.0)
    );
    assert_eq!(is_read::<Logs>(&app, "/api/logs").await.logs[0].read()["body"], "sold out");
    assert_eq!(is_read::<Metrics>(&app, "/api/metrics").await.metrics.len(), 1);
    assert_eq!(is_read::<SessionsByRelease>(&app, "/api/sessions").await.sessions[0].crashed, 1);
    assert_eq!(is_read::<Stats>(&app, "/api/stats").await.discarded[0].quantity, 3);
    let event: EventDetails = is_read(&app, &format!("/api/events/{EVENT_ID}")).await;
    assert_eq!(
        (event.attachments.len(), event.dsc.map(|dsc| dsc.read())),
        (1, Some(json!({ "trace_id": "t1" })))
    );
    assert_eq!(event.event.read()["tags"]["service"], "shop");
    let transaction: TransactionDetails = is_read(&app, &format!("/api/transactions/{TRANSACTION_ID}")).await;
    assert_eq!(
        (transaction.errors.len(), transaction.transaction.read()["transaction"].clone()),
        (1, json!("GET /buy"))
    );
    assert_eq!(is_read::<Refusal>(&app, "/api/events/none").await.ty, "NotFound");
}

#[actix_web::test]
async fn each_answer_beside_events_is_read_as_its_type_too() {
    let app = filled().await;
    assert_eq!(is_read::<Traces>(&app, "/api/traces").await.traces.len(), 1);
    let trace: Trace = is_read(&app, "/api/traces/t1").await;
    assert_eq!((trace.spans.len(), trace.errors.len(), trace.logs.len()), (2, 1, 1));
    assert_eq!(is_read::<IssueFacts>(&app, "/api/issues/1/facts").await.events, 1);
    assert_eq!(is_read::<Attachments>(&app, "/api/attachments").await.attachments.len(), 1);
    assert_eq!(is_read::<FeedbackList>(&app, "/api/feedback").await.feedback.len(), 1);
    assert_eq!(is_read::<Monitors>(&app, "/api/monitors").await.monitors[0].slug, "settle");
    assert_eq!(is_read::<Replays>(&app, "/api/replays").await.replays.len(), 1);
    assert_eq!(is_read::<ClientReports>(&app, "/api/client-reports").await.discarded[0].quantity, 3);
    assert_eq!(is_read::<Envelopes>(&app, "/api/envelopes").await.envelopes.len(), 3);
    assert_eq!(is_read::<Charts>(&app, "/api/charts").await.services.len(), 1);
    assert_eq!(is_read::<MetricNames>(&app, "/api/metrics/names").await.metrics.len(), 1);
    assert_eq!(is_read::<MetricSeries>(&app, "/api/metrics/series?name=m").await.name, "m");
}

#[actix_web::test]
async fn an_event_whose_issue_is_gone_is_read_too() {
    let app = filled().await;
    let mut body: Value = app.get(&format!("/api/events/{EVENT_ID}")).await.body;
    body["issue"] = Value::Null;
    body["dsc"] = Value::Null;
    let read: EventDetails = serde_json::from_str(&body.to_string()).unwrap();
    assert!(read.issue.is_none() && read.dsc.is_none());
}
