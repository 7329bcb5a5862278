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
    let reason = "item 1 is torn: 18 bytes promised, 13 left";
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
    refused(&app, beyond, "item 1 is torn").await;
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
async fn an_event_without_an_id_anywhere_is_refused() {
    let app = spawn_app().await;
    for ty in ["event", "transaction"] {
        let text = envelope(json!({ "event_id": null }), &[(ty, json!({}))]);
        refused(&app, text, &format!("item 1 ({ty}): there is no event_id")).await;
    }
}

#[actix_web::test]
async fn a_malformed_event_id_is_reported() {
    let app = spawn_app().await;
    for id in [json!("abc"), json!(""), json!(7), json!("{01234567-89ab-cdef-0123-456789abcdef}")] {
        let reason = format!("the event_id {id} is not a UUID");
        let own = envelope(json!({ "event_id": EVENT_ID }), &[("event", json!({ "event_id": id }))]);
        refused(&app, own, &format!("item 1 (event): {reason}")).await;
        let envelopes = envelope(json!({ "event_id": id }), &[("attachment", json!({}))]);
        refused(&app, envelopes, &format!("the envelope header: {reason}")).await;
    }
}

#[actix_web::test]
async fn a_bad_item_takes_the_good_ones_with_it() {
    let app = spawn_app().await;
    let items = [("event", json!({ "message": "good" })), ("session", json!({})), ("event", json!("bad"))];
    refused(&app, envelope(json!({ "event_id": EVENT_ID }), &items), "item 3 (event)").await;
    assert!(app.inbox.events().is_empty());
    assert!(app.inbox.issues().is_empty());
}
