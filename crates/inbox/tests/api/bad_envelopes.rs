//! What is no envelope is refused with a reason, and harms nothing.

use serde_json::{Value, json};

use crate::helpers::{App, EVENT_ID, envelope, message, spawn_app};

/// It is 400 with that reason, and nothing of it is there.
async fn refused(app: &App, envelope: impl Into<String>, reason: &str) {
    let envelope = envelope.into();
    let before = app.inbox.stats();
    let answer = app.send(envelope.clone()).await;
    assert_eq!(answer.status, 400, "{envelope:?}: {answer:?}");
    let reported = answer.body["error"].as_str().unwrap();
    assert!(reported.contains(reason), "{envelope:?}: {reported:?} does not say {reason:?}");
    let after = app.inbox.stats();
    assert_eq!((after.envelopes, after.rejected), (before.envelopes, before.rejected + 1), "{envelope:?}");
    assert_eq!((after.items, after.held.bytes), (before.items, before.held.bytes), "{envelope:?}");
}

#[actix_web::test]
async fn an_empty_body_is_no_envelope() {
    refused(&spawn_app().await, "", "the envelope is empty").await;
}

#[actix_web::test]
async fn the_envelope_header_must_be_a_json_object() {
    let app = spawn_app().await;
    for header in ["nonsense", "[]", "null", "{\"event_id\":", "\n{}"] {
        refused(&app, header, "the envelope header is not a JSON object").await;
    }
}

#[actix_web::test]
async fn an_item_header_must_be_a_json_object_with_a_type() {
    let app = spawn_app().await;
    refused(&app, "{}\nnonsense\n{}", "item 1: its header is not a JSON object").await;
    refused(&app, "{}\n[\"event\"]\n{}", "item 1: its header is not a JSON object").await;
    refused(&app, "{}\n{\"length\":2}\n{}", "item 1: its header has no type").await;
    refused(&app, "{}\n{\"type\":7}\n{}", "item 1: its header has no type").await;
}

#[actix_web::test]
async fn a_torn_envelope_is_400_and_harms_nothing() {
    let app = spawn_app().await;
    app.accepted(message("before")).await;
    let whole = envelope(json!({ "event_id": EVENT_ID }), &[("event", json!({ "message": "torn" }))]);
    let reason = "item 1 is truncated: 18 bytes promised, 13 left";
    refused(&app, &whole[..whole.len() - 6], reason).await;
    app.accepted(message("after")).await;
    let texts: Vec<Value> = app.inbox.events().iter().map(|event| event["message"].clone()).collect();
    assert_eq!(texts, ["before", "after"]);
}

#[actix_web::test]
async fn a_length_that_ends_inside_of_its_payload_is_reported() {
    let torn = "{}\n{\"type\":\"attachment\",\"length\":3}\nabcdef\n";
    refused(&spawn_app().await, torn, "item 1: no line end after 3 bytes").await;
}

#[actix_web::test]
async fn a_length_must_be_a_number_of_bytes() {
    let app = spawn_app().await;
    for length in ["-1", "1.5", "\"3\"", "true"] {
        let text = format!("{{}}\n{{\"type\":\"event\",\"length\":{length}}}\n{{}}\n");
        refused(&app, text, "item 1: its length is not a number of bytes").await;
    }
    let beyond = "{}\n{\"type\":\"event\",\"length\":18446744073709551615}\n{}\n";
    refused(&app, beyond, "item 1 is truncated").await;
}

#[actix_web::test]
async fn a_payload_that_must_be_an_object_is_one() {
    let app = spawn_app().await;
    for ty in ["event", "transaction", "session", "sessions", "client_report", "log", "trace_metric"] {
        for payload in [json!([]), json!("text"), Value::Null] {
            let text = envelope(json!({ "event_id": EVENT_ID }), &[(ty, payload)]);
            refused(&app, text, &format!("item 1 ({ty}): its payload is not a JSON object")).await;
        }
    }
    refused(&app, "{}\n{\"type\":\"event\"}\n{\"message\":", "item 1 (event): its payload").await;
    refused(&app, "{}\n{\"type\":\"event\"}", "item 1 (event): its payload").await;
}

#[actix_web::test]
async fn a_container_must_have_its_items() {
    let app = spawn_app().await;
    for ty in ["log", "trace_metric"] {
        refused(&app, envelope(json!({}), &[(ty, json!({ "items": 7 }))]), "has no list of items").await;
        for entry in [Value::Null, json!(7), json!([])] {
            let items = json!({ "items": [{}, entry] });
            refused(&app, envelope(json!({}), &[(ty, items)]), "is not a JSON object").await;
        }
    }
}

#[actix_web::test]
async fn an_event_without_an_id_anywhere_gets_one() {
    let app = spawn_app().await;
    for ty in ["event", "transaction"] {
        let answer = app.send(envelope(json!({ "event_id": null }), &[(ty, json!({}))])).await;
        let id = answer.body["id"].as_str().unwrap();
        assert_eq!((answer.status, id.len()), (200, 32), "{answer:?}");
        assert_eq!(app.get(&format!("/api/{ty}s/{id}")).await.status, 200);
    }
}

#[actix_web::test]
async fn the_id_of_the_envelope_wins_over_one_of_the_payload() {
    let app = spawn_app().await;
    for own in ["abc", "", "fedcba9876543210fedcba9876543210"] {
        let items = [("event", json!({ "event_id": own }))];
        let answer = app.send(envelope(json!({ "event_id": EVENT_ID }), &items)).await;
        assert_eq!((answer.status, &answer.body["id"]), (200, &json!(EVENT_ID)), "{own}");
    }
}

#[actix_web::test]
async fn a_malformed_id_of_an_envelope_is_reported() {
    let app = spawn_app().await;
    for id in [json!("abc"), json!(""), json!(7), json!("{01234567-89ab-cdef-0123-456789abcdef}")] {
        let reason = format!("the event_id {id} is not a UUID");
        let envelopes = envelope(json!({ "event_id": id }), &[("attachment", json!({}))]);
        refused(&app, envelopes, &format!("the envelope header: {reason}")).await;
    }
}

#[actix_web::test]
async fn a_bad_item_is_refused_alone_and_its_reason_is_kept() {
    let app = spawn_app().await;
    let items = [
        ("event", json!({ "message": "good" })),
        ("transaction", json!("bad")),
        ("log", json!({ "items": [{ "body": "good, too" }] })),
    ];
    let whole = envelope(json!({ "event_id": EVENT_ID }), &items);
    let torn = format!("{}\n{{\"type\":\"event\",\"length\":9}}\n{{}}", whole.trim_end());
    let answer = app.send(torn).await;
    let reason = "item 2 (transaction): its payload is not a JSON object";
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.body["refused"][0].as_str().unwrap().starts_with(reason), "{answer:?}");
    assert_eq!((app.inbox.events().len(), app.inbox.logs().len()), (1, 1));
    let stats = app.inbox.stats();
    assert_eq!((stats.envelopes, stats.rejected, stats.refused_items), (1, 0, 2));
    let refusals = app.get("/api/refusals").await.body;
    let shown = |index: usize| refusals["refusals"][index]["reason"].as_str().unwrap_or_default().to_owned();
    assert!(
        shown(0).starts_with("item 4 is truncated: 9 bytes promised") && shown(1).starts_with(reason),
        "{refusals}"
    );
    assert_eq!(
        (&refusals["refusals"][0]["item_only"], &refusals["refusals"][0]["project"]),
        (&json!(true), &json!("1"))
    );
}

#[actix_web::test]
async fn no_more_than_the_last_200_refusals_are_kept() {
    let app = spawn_app().await;
    for number in 0..201 {
        app.send(format!("{{}}\n{{\"type\":\"{number}\",\"length\":9}}\nx")).await;
    }
    refused(&app, "", "the envelope is empty").await;
    let refusals = app.get("/api/refusals").await.body["refusals"].as_array().unwrap().clone();
    assert_eq!(refusals.len(), 200);
    assert_eq!(
        (&refusals[0]["reason"], &refusals[0]["item_only"]),
        (&json!("the envelope is empty"), &json!(false))
    );
}

#[actix_web::test]
async fn half_a_character_is_replaced_and_the_event_arrives() {
    let app = spawn_app().await;
    let event = r#"{"message":"cut \ud83d","extra":{"a":"\udE00","b":"\uD83D\uDE00"}}"#;
    let text = format!("{{\"event_id\":\"{EVENT_ID}\"}}\n{{\"type\":\"event\"}}\n{event}");
    assert_eq!(app.send(text).await.status, 200);
    let held = &app.inbox.events()[0];
    assert_eq!(held["message"], "cut \u{fffd}");
    assert_eq!(held["extra"], json!({ "a": "\u{fffd}", "b": "😀" }));
    assert_eq!(app.inbox.issues()[0].title, "cut \u{fffd}");
}
