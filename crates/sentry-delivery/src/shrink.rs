//! Reduces an envelope that the server found too large (413) to its most important parts.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use crate::category::{Category, Quantity};
use crate::envelope::EncodedEnvelope;
use crate::items::{items, line};

/// How many bytes of a text and how many items of a list are kept: the last ones, which are the innermost frames of a
/// stack.
const MAX_TEXT: usize = 512;
const MAX_ITEMS: usize = 50;

/// The fields that an event loses. It keeps its exceptions, its tags, and method and URL of its request.
const LEFT_OUT: [&str; 6] = ["breadcrumbs", "debug_meta", "extra", "modules", "stacktrace", "threads"];
const LEFT_OUT_OF_REQUEST: [&str; 5] = ["cookies", "data", "env", "headers", "query_string"];

/// The fields that are left out at any depth.
const LEFT_OUT_OF_PARTS: [&str; 4] = ["post_context", "pre_context", "raw_stacktrace", "vars"];

/// The contexts that are kept.
const CONTEXTS: [&str; 6] = ["app", "device", "os", "profile", "runtime", "trace"];

/// The smaller envelope, and the content that it lost. `None` if there is nothing to leave out.
pub(crate) fn shrink(encoded: &EncodedEnvelope) -> Option<(EncodedEnvelope, Vec<Quantity>)> {
    let plain = encoded.plain().ok().filter(|_| !encoded.is_reduced)?;
    let body = reduce(&plain).ok().filter(|body| body.len() < plain.len())?;
    let (dropped, kept): (Vec<_>, _) =
        encoded.content.iter().copied().partition(|(category, _)| *category == Category::Attachment);
    let smaller = EncodedEnvelope::new(body, kept).ok()?;
    let (file, sent_at) = (encoded.file.clone(), encoded.sent_at);
    Some((EncodedEnvelope { is_reduced: true, file, sent_at, ..smaller }, dropped))
}

/// The envelope without attachments, and with reduced events and transactions.
fn reduce(envelope: &[u8]) -> io::Result<Vec<u8>> {
    let mut body = line(envelope).to_vec();
    body.push(b'\n');
    for (mut header, payload) in items(envelope) {
        let payload = match header["type"].as_str() {
            Some("attachment") => continue,
            Some("event" | "transaction") => reduced(payload)?,
            _ => payload.to_vec(),
        };
        if let Some(header) = header.as_object_mut() {
            header.insert("length".to_owned(), payload.len().into());
        }
        writeln!(body, "{header}")?;
        body.extend(payload);
        body.push(b'\n');
    }
    Ok(body)
}

fn reduced(payload: &[u8]) -> io::Result<Vec<u8>> {
    let mut event: Map<String, Value> = serde_json::from_slice(payload)?;
    event.retain(|name, _| !LEFT_OUT.contains(&name.as_str()));
    if let Some(Value::Object(request)) = event.get_mut("request") {
        request.retain(|name, _| !LEFT_OUT_OF_REQUEST.contains(&name.as_str()));
    }
    if let Some(Value::Object(contexts)) = event.get_mut("contexts") {
        contexts.retain(|name, _| CONTEXTS.contains(&name.as_str()));
    }
    event.values_mut().for_each(cut);
    event.insert("extra".to_owned(), json!({ "reduced": "the server found the whole event too large" }));
    Ok(serde_json::to_vec(&event)?)
}

/// Cuts texts and lists, at any depth.
fn cut(value: &mut Value) {
    match value {
        Value::String(text) if text.len() > MAX_TEXT => {
            text.truncate(text.floor_char_boundary(MAX_TEXT));
            text.push('…');
        }
        Value::Array(all) => {
            all.drain(..all.len().saturating_sub(MAX_ITEMS));
            all.iter_mut().for_each(cut);
        }
        Value::Object(fields) => {
            fields.retain(|name, _| !LEFT_OUT_OF_PARTS.contains(&name.as_str()));
            fields.values_mut().for_each(cut);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(items: &[(&str, Vec<u8>)]) -> EncodedEnvelope {
        let mut body = b"{\"event_id\":\"1\"}\n".to_vec();
        for (ty, payload) in items {
            writeln!(body, "{{\"type\":\"{ty}\",\"length\":{}}}", payload.len()).unwrap();
            body.extend(payload);
            body.push(b'\n');
        }
        EncodedEnvelope::of_bytes(body).unwrap()
    }

    #[test]
    fn an_event_keeps_what_it_is_about_and_loses_the_rest() {
        let event = json!({
            "event_id": "1", "level": "error", "tags": { "service": "shop" },
            "exception": { "values": [{ "type": "T", "value": "é".repeat(9_000), "stacktrace": {
                "frames": vec![json!({ "function": "f", "vars": { "a": "x".repeat(99) } }); 200],
            } }] },
            "breadcrumbs": { "values": vec![json!({ "message": "m".repeat(300) }); 100] },
            "request": { "url": "http://shop/", "data": "d".repeat(20_000) },
            "contexts": { "trace": { "trace_id": "t" }, "spin": { "big": "x".repeat(9_000) } },
        });
        let whole =
            encoded(&[("event", serde_json::to_vec(&event).unwrap()), ("attachment", vec![7; 5_000])]);
        let (smaller, dropped) = shrink(&whole).unwrap();
        assert_eq!(dropped, [(Category::Attachment, 5_000)]);
        assert_eq!((&smaller.content, smaller.category), (&vec![(Category::Error, 1)], whole.category));
        let plain = smaller.plain().unwrap();
        let mut read = items(&plain);
        let event: Value = serde_json::from_slice(read.next().unwrap().1).unwrap();
        assert!(read.next().is_none() && plain.len() < 8_000, "{}", plain.len());
        assert_eq!((&event["level"], &event["tags"]["service"]), (&json!("error"), &json!("shop")));
        assert_eq!(event["exception"]["values"][0]["stacktrace"]["frames"].as_array().unwrap().len(), 50);
        assert_eq!(event["request"], json!({ "url": "http://shop/" }));
        assert_eq!(event["contexts"], json!({ "trace": { "trace_id": "t" } }));
        assert_eq!((event.get("breadcrumbs"), event.get("spans")), (None, None));
        assert!(shrink(&smaller).is_none(), "once is all");
    }

    #[test]
    fn what_has_no_less_important_parts_stays_as_it_is() {
        assert!(shrink(&encoded(&[("log", vec![b'x'; 100])])).is_none());
        for not_an_event in ["not JSON", "7", "[1, 2]", "null", "\"text\""] {
            assert!(shrink(&encoded(&[("event", not_an_event.into())])).is_none(), "{not_an_event}");
        }
    }
}
