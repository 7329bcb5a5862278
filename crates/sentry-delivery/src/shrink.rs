//! An envelope that the server finds too large (413), once more without its less important parts.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::category::{Category, Quantity};
use crate::envelope::EncodedEnvelope;
use crate::items::items;

/// The longest text that is left, bytes, and the most frames of a stack and spans of a transaction.
const MAX_TEXT: usize = 512;
const MAX_FRAMES: usize = 50;
const MAX_SPANS: usize = 100;

/// What an event can do without, so that its exceptions, tags and request line arrive.
const LEFT_OUT: [&str; 6] = ["breadcrumbs", "debug_meta", "extra", "modules", "stacktrace", "threads"];
const LEFT_OUT_OF_REQUEST: [&str; 5] = ["cookies", "data", "env", "headers", "query_string"];
const LEFT_OUT_OF_FRAME: [&str; 3] = ["post_context", "pre_context", "vars"];

/// The contexts that are kept.
const CONTEXTS: [&str; 6] = ["app", "device", "os", "profile", "runtime", "trace"];

/// The smaller envelope, and what is discarded with it altogether. `None` where nothing of it can be spared.
pub(crate) fn shrink(encoded: &EncodedEnvelope) -> Option<(EncodedEnvelope, Vec<Quantity>)> {
    if encoded.is_reduced {
        return None;
    }
    let plain = encoded.plain().ok()?;
    let (body, attachments) = reduce(&plain).ok()?;
    if body.len() >= plain.len() {
        return None;
    }
    let kept = encoded.content.iter().filter(|(category, _)| *category != Category::Attachment);
    let smaller = EncodedEnvelope::new(body, encoded.category, kept.copied().collect()).ok()?;
    let dropped = if attachments > 0 { vec![(Category::Attachment, attachments)] } else { Vec::new() };
    let (file, sent_at) = (encoded.file.clone(), encoded.sent_at);
    Some((EncodedEnvelope { is_reduced: true, file, sent_at, ..smaller }, dropped))
}

/// The written envelope with less in it, and the bytes of its attachments, which are gone.
fn reduce(envelope: &[u8]) -> io::Result<(Vec<u8>, u64)> {
    let header = envelope.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let (mut body, mut attachments) = (header.to_vec(), 0);
    body.push(b'\n');
    for (mut header, payload) in items(envelope) {
        let payload = match header["type"].as_str() {
            Some("attachment") => {
                attachments += payload.len() as u64;
                continue;
            }
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
    Ok((body, attachments))
}

fn reduced(payload: &[u8]) -> io::Result<Vec<u8>> {
    let mut event: Value = serde_json::from_slice(payload)?;
    remove(&mut event, &LEFT_OUT);
    remove(&mut event["request"], &LEFT_OUT_OF_REQUEST);
    if let Some(contexts) = event["contexts"].as_object_mut() {
        contexts.retain(|name, _| CONTEXTS.contains(&name.as_str()));
    }
    if let Some(spans) = event["spans"].as_array_mut() {
        spans.truncate(MAX_SPANS);
    }
    for exception in list(&mut event["exception"]["values"]) {
        remove(exception, &["raw_stacktrace"]);
        if let Some(frames) = exception["stacktrace"]["frames"].as_array_mut() {
            // The innermost are the last.
            frames.drain(..frames.len().saturating_sub(MAX_FRAMES));
            frames.iter_mut().for_each(|frame| remove(frame, &LEFT_OUT_OF_FRAME));
        }
    }
    prune(&mut event);
    cut(&mut event);
    event["extra"] = json!({ "reduced": "the server found the whole event too large" });
    Ok(serde_json::to_vec(&event)?)
}

/// Indexing a JSON object for writing makes what is missing, as null.
fn prune(event: &mut Value) {
    if let Some(fields) = event.as_object_mut() {
        fields.retain(|_, field| !field.is_null() && *field != json!({ "values": null }));
    }
}

fn remove(value: &mut Value, names: &[&str]) {
    if let Some(fields) = value.as_object_mut() {
        names.iter().for_each(|name| drop(fields.remove(*name)));
    }
}

fn list(value: &mut Value) -> impl Iterator<Item = &mut Value> {
    value.as_array_mut().into_iter().flatten()
}

/// Cuts every text.
fn cut(value: &mut Value) {
    match value {
        Value::String(text) if text.len() > MAX_TEXT => {
            text.truncate(text.floor_char_boundary(MAX_TEXT));
            text.push('…');
        }
        Value::Array(all) => all.iter_mut().for_each(cut),
        Value::Object(fields) => fields.values_mut().for_each(cut),
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
    fn what_can_spare_nothing_is_left_as_it_is() {
        assert!(shrink(&encoded(&[("log", vec![b'x'; 100])])).is_none());
        assert!(shrink(&encoded(&[("event", b"not JSON".to_vec())])).is_none());
    }
}
