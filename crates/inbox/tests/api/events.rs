//! Events one by one, as they were sent and as lists show them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::helpers::{App, EVENT_ID, answer, envelope, exception, spawn_app, with};

async fn ids(app: &App, query: &str) -> Vec<Value> {
    let events = app.list(&format!("/api/events{query}"), "events").await;
    events.into_iter().map(|event| event["event_id"].clone()).collect()
}

#[actix_web::test]
async fn an_event_is_shown_as_it_was_sent() {
    let app = spawn_app().await;
    let sent = with(
        exception("ValueError", "not a bet", "game::parse"),
        json!({ "event_id": EVENT_ID, "extra": { "größe": [1, 2.5, null], "big": u64::MAX } }),
    );
    app.accepted(envelope(json!({}), &[("event", sent.clone())])).await;
    let answer = app.get(&format!("/api/events/{EVENT_ID}")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body["event"], sent);
    assert_eq!(answer.body["issue"]["last_event_id"], EVENT_ID);
    assert_eq!((&answer.body["attachments"], &answer.body["dsc"]), (&json!([]), &Value::Null));
    assert_eq!(app.inbox.events(), [sent]);
}

#[actix_web::test]
async fn a_summary_has_what_lists_show() {
    let app = spawn_app().await;
    let more = json!({
        "level": "fatal",
        "timestamp": "2026-11-23T18:44:44.5Z",
        "transaction": "GET /debug/crash",
        "tags": { "service": "shop", "scenario": "shop.crash", "demo.run_id": "run-1" },
        "contexts": { "trace": { "trace_id": "0af7651916cd43dd8448eb211c80319c", "span_id": "b7ad6b7169203331" } },
        "fingerprint": ["{{ default }}", "RuntimeError"],
    });
    let id = app.event(with(exception("RuntimeError", "it broke", "game::spin"), more)).await;
    let mut summary = app.list("/api/events", "events").await.remove(0);
    let received = summary.as_object_mut().unwrap().remove("received_at").unwrap();
    assert!(received.as_f64().unwrap() > 1.7e9, "{received}");
    assert_eq!(
        summary,
        json!({
            "event_id": id,
            "issue_id": "1",
            "project": "1",
            "timestamp": 1_795_459_484.5,
            "level": "fatal",
            "title": "RuntimeError: it broke",
            "type": "RuntimeError",
            "value": "it broke",
            "transaction": "GET /debug/crash",
            "service": "shop",
            "scenario": "shop.crash",
            "run_id": "run-1",
            "trace_id": "0af7651916cd43dd8448eb211c80319c",
            "span_id": "b7ad6b7169203331",
            "fingerprint": ["{{ default }}", "RuntimeError"],
        })
    );
}

#[actix_web::test]
async fn lists_are_newest_first_and_can_be_narrowed() {
    let app = spawn_app().await;
    let event = |text: &str, run: &str, trace: &str| {
        json!({
            "message": text,
            "tags": { "demo.run_id": run },
            "contexts": { "trace": { "trace_id": trace } },
        })
    };
    let first = app.event(event("a", "one", "t1")).await;
    let second = app.event(event("a", "two", "t1")).await;
    let third = app.event(event("b", "two", "t2")).await;
    assert_eq!(ids(&app, "").await, [third.as_str(), &second, &first]);
    assert_eq!(ids(&app, "?run=two").await, [third.as_str(), &second]);
    assert_eq!(ids(&app, "?trace=t1").await, [second.as_str(), &first]);
    assert_eq!(ids(&app, "?run=two&trace=t1").await, [second.as_str()]);
    assert_eq!(ids(&app, "?limit=1").await, [third.as_str()]);
    assert_eq!(ids(&app, "?issue=1&limit=1").await, [second.as_str()]);
    assert!(ids(&app, "?run=three").await.is_empty());
}

#[actix_web::test]
async fn an_id_is_the_same_with_dashes_and_in_upper_case() {
    let app = spawn_app().await;
    let dashed = "01234567-89AB-CDEF-0123-456789ABCDEF";
    let answer = app.send(envelope(json!({}), &[("event", json!({ "event_id": dashed }))])).await;
    assert_eq!(answer.body, json!({ "id": EVENT_ID }));
    assert_eq!(ids(&app, "").await, [EVENT_ID]);
    assert_eq!(app.get(&format!("/api/events/{dashed}")).await.status, 200);
}

#[actix_web::test]
async fn an_event_without_an_id_has_that_of_its_envelope() {
    let app = spawn_app().await;
    for own in [json!({}), json!({ "event_id": null })] {
        let answer = app.send(envelope(json!({ "event_id": EVENT_ID }), &[("event", own)])).await;
        assert_eq!(answer.body["id"], EVENT_ID);
    }
}

#[actix_web::test]
async fn attachments_and_the_sampling_context_are_reported_with_the_event() {
    let app = spawn_app().await;
    let dsc = json!({ "trace_id": "0af7651916cd43dd8448eb211c80319c", "public_key": "inbox" });
    let attachment = json!({
        "type": "attachment",
        "length": 4,
        "filename": "crash.dmp",
        "content_type": "application/x-dmp",
        "attachment_type": "event.minidump",
    });
    let header = json!({ "event_id": EVENT_ID, "trace": dsc });
    let text = envelope(header, &[("event", json!({}))]) + &format!("{attachment}\n\0\n\0\n\n");
    app.accepted(text).await;
    let shown = app.get(&format!("/api/events/{EVENT_ID}")).await.body;
    assert_eq!(shown["dsc"], dsc);
    assert_eq!(
        shown["attachments"],
        json!([{
            "id": 1,
            "event_id": EVENT_ID,
            "filename": "crash.dmp",
            "content_type": "application/x-dmp",
            "bytes": 4,
            "attachment_type": "event.minidump",
            "image": false,
        }])
    );
}

#[actix_web::test]
async fn an_item_without_a_length_ends_with_its_line() {
    let app = spawn_app().await;
    let first = r#"{"type":"event"}"#.to_owned() + "\n" + r#"{"message":"first"}"#;
    let text = format!("{{\"event_id\":\"{EVENT_ID}\"}}\n{first}\n{{\"type\":\"other\"}}\nany thing");
    app.accepted(text).await;
    assert_eq!(app.inbox.events()[0]["message"], "first");
    assert_eq!(app.inbox.stats().items["other"], 1);
}

#[actix_web::test]
async fn of_two_events_in_one_envelope_none_is_lost() {
    let app = spawn_app().await;
    let other = json!({ "event_id": "ffffffffffffffffffffffffffffffff", "message": "second" });
    let items = [("event", json!({ "message": "first" })), ("event", other)];
    app.accepted(envelope(json!({ "event_id": EVENT_ID }), &items)).await;
    let texts: Vec<Value> = app.inbox.events().iter().map(|event| event["message"].clone()).collect();
    assert_eq!(texts, ["first", "second"]);
}

#[actix_web::test]
async fn what_comes_twice_counts_once_and_each_arrival_is_counted() {
    let app = spawn_app().await;
    let again = envelope(json!({ "event_id": EVENT_ID }), &[("event", json!({ "message": "again" }))]);
    for _ in 0..3 {
        let answer = app.send(again.clone()).await;
        assert_eq!((answer.status, &answer.body["id"]), (200, &json!(EVENT_ID)));
    }
    assert_eq!(ids(&app, "").await, [EVENT_ID]);
    assert_eq!(app.issues().await[0]["count"], 1);
    let transaction = envelope(json!({ "event_id": EVENT_ID }), &[("transaction", json!({}))]);
    for _ in 0..2 {
        app.accepted(transaction.clone()).await;
    }
    let stats = app.inbox.stats();
    assert_eq!((stats.items["event"], stats.items["transaction"], stats.duplicates), (3, 2, 3));
    assert_eq!((stats.held.events, stats.held.transactions), (1, 1));
    assert_eq!(app.get("/api/stats").await.body["duplicates"], 3);
    // Another project may have the same id, and what was cleared is not remembered.
    answer(app.request(Method::POST, "/api/2/envelope/").body(again.clone())).await;
    assert_eq!(app.inbox.stats().held.events, 2);
    answer(app.request(Method::DELETE, "/api/all")).await;
    app.accepted(again).await;
    assert_eq!((app.inbox.stats().held.events, app.inbox.stats().duplicates), (1, 0));
}
