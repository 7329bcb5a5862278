//! Every text counts.

use sentry::protocol::{Attachment, Uuid};
use serde_json::json;

use super::*;

const LONG: usize = 1_000_000;

/// An event or transaction with everything in it that a caller, a handler or a data source can fill.
fn full() -> Value {
    let stack = json!({ "frames": [{
        "function": "f", "raw_function": "f", "symbol": "s", "module": "m", "package": "p", "filename": "f", "abs_path": "a",
        "context_line": "c", "pre_context": ["b"], "post_context": ["a"], "vars": { "v": "x" },
    }] });
    json!({
        "message": "m", "logger": "l", "culprit": "c", "transaction": "t", "fingerprint": ["f"],
        "logentry": { "message": "m", "params": ["p", { "k": ["v"] }] },
        "tags": { "t": "v" }, "modules": { "m": "v" },
        "extra": { "e": "v", "deep": { "d": [{ "x": "v" }] } },
        "user": { "id": "i", "email": "e", "username": "u", "more": "m" },
        "request": {
            "method": "GET", "data": "d", "query_string": "q", "cookies": "c", "headers": { "h": "v" }, "env": { "e": "v" },
        },
        "contexts": {
            "other": { "type": "unknown", "k": "v" },
            "trace": {
                "type": "trace", "trace_id": "335e53d614474acc9f89e632b776cc28", "span_id": "d42cee9fc3e74f5c",
                "op": "o", "description": "d", "data": { "k": "v" },
            },
            "runtime": { "type": "runtime", "name": "n", "version": "v", "more": "m" },
            "response": { "type": "response", "cookies": "c", "headers": { "h": "v" }, "data": "d" },
        },
        "breadcrumbs": { "values": [{ "type": "t", "category": "c", "message": "m", "data": { "k": "v" } }] },
        "exception": { "values": [{
            "type": "T", "value": "v", "module": "m", "stacktrace": stack, "raw_stacktrace": stack,
            "mechanism": { "type": "m", "description": "d", "data": { "k": "v" } },
        }] },
        "threads": { "values": [{ "name": "n", "stacktrace": stack }] },
    })
}

/// The value once for each text in it, that text made long. Names of variants and ids stay.
fn lengthened(value: &Value) -> Vec<Value> {
    let mut places = Vec::new();
    find("", value, &mut places);
    let long = |place: &String| {
        let mut copy = value.clone();
        *copy.pointer_mut(place).unwrap() = "x".repeat(LONG).into();
        copy
    };
    places.iter().map(long).collect()
}

fn find(place: &str, value: &Value, places: &mut Vec<String>) {
    let fixed =
        ["/trace_id", "/span_id", "contexts/other/type", "trace/type", "runtime/type", "response/type"];
    match value {
        Value::String(_) if fixed.iter().any(|end| place.ends_with(end)) => {}
        Value::String(_) => places.push(place.to_owned()),
        Value::Array(all) => {
            all.iter().enumerate().for_each(|(index, it)| find(&format!("{place}/{index}"), it, places));
        }
        Value::Object(map) => {
            map.iter().for_each(|(name, it)| find(&format!("{place}/{name}"), it, places));
        }
        _ => {}
    }
}

#[test]
fn every_text_of_an_event_weighs_what_it_is_long() {
    let short = serde_json::from_value::<Event<'static>>(full()).unwrap().heap();
    assert!(short < 32 * 1024, "{short}");
    let all = lengthened(&full());
    assert!(all.len() > 50, "{}", all.len());
    for json in all {
        let long: Event<'static> = serde_json::from_value(json).unwrap();
        // What serde does not keep is not there to be weighed.
        let written = serde_json::to_string(&long).unwrap().len();
        assert!(long.heap() + 64 * 1024 > written, "{} for {written}", long.heap());
    }
}

#[test]
fn every_text_of_a_transaction_and_its_spans_weighs_what_it_is_long() {
    let mut json = full();
    let trace = json["contexts"]["trace"].clone();
    json["spans"] = json!([{
        "trace_id": trace["trace_id"], "span_id": trace["span_id"], "start_timestamp": 1, "op": "o",
        "description": "d", "tags": { "t": "v" }, "data": { "k": "v" },
    }]);
    json["start_timestamp"] = 1.into();
    for json in lengthened(&json) {
        let long: Transaction<'static> = serde_json::from_value(json).unwrap();
        let written = serde_json::to_string(&long).unwrap().len();
        assert!(long.heap() + 64 * 1024 > written, "{} for {written}", long.heap());
    }
}

#[test]
fn an_envelope_weighs_its_attachments_logs_and_metrics() {
    let attachment =
        Attachment { buffer: vec![0; LONG], filename: "x".repeat(LONG), ..Attachment::default() };
    let mut all = Envelope::from(Event { event_id: Uuid::nil(), ..Event::default() });
    all.add_item(attachment);
    assert!(envelope(&all) > 2 * LONG);
    let line = json!({
        "level": "warn", "body": "x".repeat(LONG), "timestamp": 1,
        "attributes": { "a": { "value": "x".repeat(LONG), "type": "string" } },
    });
    let line: Log = serde_json::from_value(line).unwrap();
    assert!(line.heap() > 2 * LONG);
}
