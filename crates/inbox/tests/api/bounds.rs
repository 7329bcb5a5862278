//! What the inbox forgets, and that it says so.

use inbox::{Limits, Options};
use serde_json::{Value, json};

use crate::helpers::{App, envelope, new_id, spawn_app, spawn_app_with};

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
    let limit = 60_000;
    let app = bounded(Limits { bytes: limit, ..Limits::default() }).await;
    for text in ["a", "b", "c"] {
        app.event(json!({ "message": text, "extra": "x".repeat(25_000) })).await;
    }
    assert_eq!(texts(&app), ["b", "c"]);
    let stats = app.inbox.stats();
    assert_eq!(stats.evicted["events"], 1);
    assert!((50_000..=limit).contains(&stats.held.bytes), "{stats:?}");
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
    for (ty, name) in [("log", "logs"), ("trace_metric", "metrics")] {
        let app = bounded(Limits { bytes: 22_000, ..Limits::default() }).await;
        let entry = json!({ "body": "x".repeat(5_000) });
        app.accepted(envelope(json!({}), &[(ty, json!({ "items": [entry, entry, entry, entry] }))])).await;
        assert_eq!(app.list(&format!("/api/{name}"), name).await.len(), 3);
        assert_eq!(app.inbox.stats().evicted[name], 1);
    }
}

#[actix_web::test]
async fn each_entry_weighs_what_it_is_long_and_not_its_share() {
    let app = bounded(Limits { bytes: 95_000, ..Limits::default() }).await;
    let mut entries = vec![json!({ "body": "x".repeat(90_000) })];
    entries.extend((0..99).map(|number| json!({ "body": number })));
    app.accepted(envelope(json!({}), &[("log", json!({ "items": entries }))])).await;
    let bytes = app.inbox.stats().held.bytes;
    assert!(bytes < 30_000, "the long one is gone, and with it its weight: {bytes}");
}

#[actix_web::test]
async fn everything_together_stays_within_one_bound_and_the_heaviest_gives_way() {
    let limit = 200_000;
    let app = bounded(Limits { bytes: limit, ..Limits::default() }).await;
    app.event(json!({ "message": "light", "fingerprint": ["light"] })).await;
    let long = "x".repeat(1_000);
    for number in 0..300 {
        let items = [
            ("transaction", json!({ "event_id": new_id(), "extra": long.repeat(3) })),
            ("log", json!({ "items": [{ "body": long }] })),
            ("trace_metric", json!({ "items": [{ "name": long }] })),
        ];
        app.accepted(envelope(json!({}), &items)).await;
        // Each an issue of its own, with a user of its own.
        let fingerprint = format!("{number}-{long}");
        app.event(json!({ "message": long, "fingerprint": [fingerprint], "user": { "id": number } })).await;
        let bytes = app.inbox.stats().held.bytes;
        assert!(bytes <= limit, "{bytes}");
    }
    let evicted = app.inbox.stats().evicted;
    for name in ["events", "transactions", "logs", "metrics", "issues"] {
        assert!(evicted[name] > 0, "{name}: {evicted:?}");
    }
}

#[actix_web::test]
async fn long_fingerprints_tell_issues_apart_and_are_shown_cut() {
    let app = spawn_app().await;
    let long = "x".repeat(500_000);
    for last in ["a", "b", "b"] {
        app.event(json!({ "message": "it", "fingerprint": [format!("{long}{last}")] })).await;
    }
    let issues = app.issues().await;
    assert_eq!(issues.len(), 2);
    assert_eq!(issues[0]["count"], 2);
    assert!(issues[0]["fingerprint"][0].as_str().unwrap().len() <= 256);
    let bytes = app.inbox.stats().held.bytes;
    assert!(bytes < 1_600_000, "three payloads and hardly more: {bytes}");
}

#[actix_web::test]
async fn a_fingerprint_that_names_the_default_many_times_is_not_multiplied() {
    let app = spawn_app().await;
    let parts = vec!["{{ default }}"; 30_000];
    app.event(json!({ "message": "x".repeat(400_000), "fingerprint": parts })).await;
    let fingerprint = app.issues().await[0]["fingerprint"].as_array().unwrap().len();
    assert!(fingerprint <= 50, "{fingerprint}");
}

#[actix_web::test]
async fn titles_and_names_are_cut_in_lists_and_whole_in_the_event() {
    let app = spawn_app().await;
    let long = "ä".repeat(20_000);
    let event = json!({
        "message": long, "level": long, "transaction": long, "release": long, "environment": long,
        "tags": { "service": long, "scenario": long, "demo.run_id": long },
        "contexts": { "trace": { "trace_id": long } },
    });
    let id = app.event(event).await;
    for list in [app.list("/api/events", "events").await, app.issues().await] {
        let length = list[0].to_string().len();
        assert!(length < 8_000, "{length}");
    }
    assert_eq!(app.get(&format!("/api/events/{id}")).await.body["event"]["message"], long);
}

#[actix_web::test]
async fn names_that_are_counted_are_bounded_and_nothing_is_left_out_of_the_sums() {
    let app = spawn_app().await;
    for batch in 0..20 {
        let name = |number: i32| format!("{}-{}", batch * 100 + number, "n".repeat(1_000));
        let types: Vec<String> = (0..100).map(name).collect();
        let items: Vec<_> = types.iter().map(|ty| (ty.as_str(), json!({}))).collect();
        app.accepted(envelope(json!({}), &items)).await;
        let lines: Vec<Value> = (0..100)
            .map(|number| json!({ "reason": name(number), "category": name(number), "quantity": 1 }))
            .collect();
        let session = |number| json!({ "status": "exited", "attrs": { "release": name(number) } });
        let sessions: Vec<_> = (0..100).map(|number| ("session", session(number))).collect();
        app.accepted(envelope(json!({}), &[("client_report", json!({ "discarded_events": lines }))])).await;
        app.accepted(envelope(json!({}), &sessions)).await;
    }
    let stats = app.inbox.stats();
    assert!(stats.items.len() <= 501 && stats.discarded.len() <= 501, "{}", stats.items.len());
    assert!(app.inbox.sessions().len() <= 501);
    assert_eq!(stats.items.values().sum::<u64>(), 2_000 + 20 + 2_000);
    assert_eq!(stats.discarded.iter().map(|line| line.quantity).sum::<u64>(), 2_000);
    assert_eq!(app.inbox.sessions().iter().map(|it| it.exited).sum::<u64>(), 2_000);
    assert!(app.get("/api/stats").await.body.to_string().len() < 600_000);
}

#[actix_web::test]
async fn counters_stop_at_their_end() {
    let app = spawn_app().await;
    let line = json!({ "reason": "r", "category": "c", "quantity": u64::MAX });
    let session =
        json!({ "attrs": { "release": "r" }, "aggregates": [{ "exited": u64::MAX }, { "exited": 1 }] });
    let items = [("client_report", json!({ "discarded_events": [line, line] })), ("sessions", session)];
    app.accepted(envelope(json!({}), &items)).await;
    assert_eq!(app.inbox.stats().discarded[0].quantity, u64::MAX);
    assert_eq!(app.inbox.sessions()[0].exited, u64::MAX);
}

#[actix_web::test]
async fn an_item_header_or_payload_that_is_too_long_is_413() {
    let app = spawn_app().await;
    let (long, longest) = ("x".repeat(1024 * 1024), "x".repeat(8 * 1024 * 1024));
    for ty in ["event", "transaction", "log", "trace_metric", "session", "sessions", "client_report"] {
        let text =
            envelope(json!({ "event_id": crate::helpers::EVENT_ID }), &[(ty, json!({ "long": longest }))]);
        let answer = app.send(text).await;
        assert_eq!(answer.status, 413, "{ty}: {answer:?}");
    }
    assert_eq!(app.send(envelope(json!({ "trace": long }), &[])).await.status, 413);
    let header = json!({ "type": "attachment", "filename": long });
    assert_eq!(app.send(format!("{{}}\n{header}\nx\n")).await.status, 413);
    let many = "{\"type\":\"a\"}\n\n".repeat(1_001);
    let answer = app.send(format!("{{}}\n{many}")).await;
    assert_eq!((answer.status, &answer.body["refused"]), (200, &json!(["there are more than 1000 items"])));
    assert_eq!(app.inbox.stats().items["a"], 1_000);
    assert_eq!(app.send(envelope(json!({}), &[("attachment", json!(long))])).await.status, 200);
}
