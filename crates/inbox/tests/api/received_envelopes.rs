//! The last envelopes as they came.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::Method;
use serde_json::{Value, json};

use crate::helpers::{answer, envelope, message, new_id, spawn_app};

#[actix_web::test]
async fn an_envelope_is_shown_as_it_came_with_its_refusals() {
    let app = spawn_app().await;
    let items = [("event", json!({ "message": "good" })), ("transaction", json!("bad"))];
    let sent = envelope(json!({ "event_id": new_id(), "sdk": { "name": "sentry.rust" } }), &items);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(sent.as_bytes()).unwrap();
    let body = gzip.finish().unwrap();
    let request = app.request(Method::POST, "/api/7/envelope/").header("Content-Encoding", "gzip");
    let request = request.header("Content-Type", "application/x-sentry-envelope");
    let auth = "Sentry sentry_version=7, sentry_client=sentry.rust/0.49, sentry_key=k";
    assert_eq!(answer(request.header("X-Sentry-Auth", auth).body(body.clone())).await.status, 200);
    let shown = app.list("/api/envelopes", "envelopes").await.remove(0);
    let facts = [
        "project",
        "endpoint",
        "bytes",
        "content_length",
        "encoding",
        "content_type",
        "client",
        "accepted",
        "raw",
    ];
    let expected = json!([
        "7",
        "envelope",
        sent.len(),
        body.len(),
        "gzip",
        "application/x-sentry-envelope",
        "sentry.rust/0.49",
        true,
        true
    ]);
    assert_eq!(Value::from_iter(facts.map(|name| shown[name].clone())), expected);
    assert_eq!(shown["header"]["sdk"]["name"], "sentry.rust");
    let item = |number: usize| &shown["items"][number];
    assert_eq!(
        (&item(0)["type"], &item(0)["bytes"], &item(0)["refused"]),
        (&json!("event"), &json!(18), &Value::Null)
    );
    let reason = item(1)["refused"].as_str().unwrap();
    assert!(reason.starts_with("item 2 (transaction): its payload is not a JSON object"), "{reason}");
    assert_eq!(shown["refused"][0], reason);
    let path = format!("/api/envelopes/{}", shown["id"]);
    assert_eq!(app.get(&path).await.body, shown);
    let raw = app.request(Method::GET, &format!("{path}/raw")).send().await.unwrap();
    assert!(raw.headers()["content-disposition"].to_str().unwrap().starts_with("attachment"));
    assert_eq!(raw.text().await.unwrap(), sent);
}

#[actix_web::test]
async fn what_was_refused_whole_or_unread_is_shown_with_its_reason() {
    let app = spawn_app().await;
    app.send("{}\nnonsense").await;
    let unread = app.request(Method::POST, "/api/1/store/").header("Content-Encoding", "snappy").body("x");
    assert_eq!(answer(unread).await.status, 415);
    let shown = app.list("/api/envelopes", "envelopes").await;
    let facts: Vec<_> =
        shown.iter().map(|it| (it["endpoint"].clone(), it["accepted"].clone(), it["raw"].clone())).collect();
    assert_eq!(
        facts,
        [(json!("store"), json!(false), json!(false)), (json!("envelope"), json!(false), json!(true))]
    );
    assert!(shown[0]["refused"][0].as_str().unwrap().contains("snappy"), "{shown:?}");
    assert!(shown[1]["refused"][0].as_str().unwrap().starts_with("item 1: its header"), "{shown:?}");
    assert_eq!(app.get(&format!("/api/envelopes/{}/raw", shown[0]["id"])).await.status, 404);
}

#[actix_web::test]
async fn the_last_500_envelopes_are_kept_within_32_mib() {
    let app = spawn_app().await;
    for number in 0..501 {
        app.accepted(message(&number.to_string())).await;
    }
    let stats = app.inbox.stats();
    assert_eq!((stats.held.envelopes, stats.evicted["envelopes"]), (500, 1));
    let long = envelope(json!({}), &[("attachment", json!("x".repeat(3 * 1024 * 1024)))]);
    for _ in 0..12 {
        app.accepted(long.clone()).await;
    }
    let held = app.inbox.stats().held.envelopes;
    assert!(held <= 10, "{held}");
}

#[actix_web::test]
async fn of_a_long_envelope_the_headers_are_kept_and_not_its_bytes() {
    let app = spawn_app().await;
    app.accepted(envelope(json!({}), &[("attachment", json!("x".repeat(5 * 1024 * 1024)))])).await;
    let many: Vec<_> = (0..150).map(|_| ("other", json!({}))).collect();
    app.accepted(envelope(json!({ "trace": "x".repeat(10_000) }), &many)).await;
    let shown = app.list("/api/envelopes", "envelopes").await;
    assert_eq!((&shown[1]["raw"], &shown[1]["items"][0]["type"]), (&json!(false), &json!("attachment")));
    assert_eq!((shown[0]["items"].as_array().unwrap().len(), &shown[0]["omitted_items"]), (100, &json!(50)));
    assert_eq!(shown[0]["header"], Value::Null, "a long header is not kept");
}

#[actix_web::test]
async fn client_reports_are_listed_with_their_sums() {
    let app = spawn_app().await;
    let line = |quantity: u64| json!({ "reason": "queue_overflow", "category": "error", "quantity": quantity, "by_rule": false });
    for quantity in [1, 2] {
        let report = json!({ "timestamp": 1_795_459_484.5, "discarded_events": [line(quantity)] });
        app.accepted(envelope(json!({}), &[("client_report", report)])).await;
    }
    let shown = app.get("/api/client-reports").await.body;
    assert_eq!(shown["discarded"], json!([line(3)]));
    let reports = shown["reports"].as_array().unwrap();
    assert_eq!((reports.len(), &reports[0]["discarded"]), (2, &json!([line(2)])));
    assert_eq!(reports[0]["timestamp"], 1_795_459_484.5);
    let many: Vec<_> =
        (0..201).map(|_| ("client_report", json!({ "discarded_events": vec![line(1); 60] }))).collect();
    app.accepted(envelope(json!({}), &many)).await;
    let shown = app.get("/api/client-reports").await.body;
    assert_eq!(shown["discarded"], json!([line(3 + 201 * 60)]), "all are summed");
    let reports = shown["reports"].as_array().unwrap();
    assert_eq!((reports.len(), reports[0]["discarded"].as_array().unwrap().len()), (200, 50));
}

#[actix_web::test]
async fn what_a_client_was_configured_to_leave_out_is_told_from_what_is_lost() {
    let app = spawn_app().await;
    let reasons =
        ["sample_rate", "before_send", "event_processor", "backpressure", "ratelimit_backoff", "new"];
    let lines = reasons.map(|reason| json!({ "reason": reason, "category": "transaction", "quantity": 1 }));
    let report = json!({ "discarded_events": lines });
    app.accepted(envelope(json!({}), &[("client_report", report)])).await;
    for path in ["/api/stats", "/api/client-reports"] {
        let shown = app.get(path).await.body["discarded"].as_array().unwrap().clone();
        let lost = shown.iter().filter(|line| line["by_rule"] == false).map(|line| line["reason"].clone());
        assert_eq!(lost.collect::<Vec<_>>(), ["backpressure", "new", "ratelimit_backoff"], "{path}");
        assert_eq!(shown.len(), reasons.len(), "{path}");
    }
}
