//! `/api/{project}/minidump/`: what [crash reporters](https://docs.sentry.io/platforms/native/guides/minidumps/) upload.
//! The dump is kept as an attachment of an event, not read.

use actix_web::HttpRequest;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Bytes;
use serde_json::{Map, Value, json};

use super::multipart::{Part, parts};
use crate::envelope::BadEnvelope;
use crate::event_id;
use crate::surrogates;

/// The name of the file among the parts.
const DUMP: &str = "upload_file_minidump";

/// Most further files that are kept.
const MAX_FILES: usize = 19;

/// What every dump begins with.
const MAGIC: &[u8] = b"MDMP";

/// An envelope of an event with the dump and what else was uploaded.
pub(super) fn envelope(request: &HttpRequest, body: &Bytes) -> Result<Bytes, BadEnvelope> {
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
    // Some upload the dump and nothing else.
    let parts = if body.starts_with(MAGIC) {
        vec![file(DUMP, body.clone())]
    } else {
        parts(content_type.unwrap_or_default(), body).map_err(|error| bad(error.to_string()))?
    };
    let dump = parts.iter().find(|part| part.name == DUMP && part.content.starts_with(MAGIC));
    let dump = dump.ok_or_else(|| bad(format!("it has no minidump in the part {DUMP}")))?;
    let event = event(&parts)?;
    let id = event["event_id"].clone();
    let mut envelope = format!("{}\n", json!({ "event_id": id })).into_bytes();
    let payload = event.to_string();
    item(&mut envelope, json!({ "type": "event" }), payload.as_bytes());
    let others = parts.iter().filter(|part| part.filename.is_some() && !std::ptr::eq(*part, dump));
    for part in std::iter::once(dump).chain(others.take(MAX_FILES)) {
        let header = json!({
            "type": "attachment",
            "filename": part.filename,
            "content_type": part.content_type,
            "attachment_type": if std::ptr::eq(part, dump) { "event.minidump" } else { "event.attachment" },
        });
        item(&mut envelope, header, &part.content);
    }
    Ok(Bytes::from(envelope))
}

fn file(name: &str, content: Bytes) -> Part {
    let filename = Some("minidump.dmp".to_owned());
    Part { name: name.to_owned(), filename, content_type: None, content }
}

fn item(envelope: &mut Vec<u8>, mut header: Value, payload: &[u8]) {
    header["length"] = payload.len().into();
    envelope.extend_from_slice(format!("{header}\n").as_bytes());
    envelope.extend_from_slice(payload);
    envelope.push(b'\n');
}

/// What the form says of the event: the field `sentry` as JSON, fields such as `sentry[release]`, and other fields, which
/// are extra data.
fn event(parts: &[Part]) -> Result<Value, BadEnvelope> {
    let mut event = Map::new();
    let mut extra = Map::new();
    for part in parts.iter().filter(|part| part.filename.is_none()) {
        let text = || Value::from(String::from_utf8_lossy(&part.content).into_owned());
        if part.name == "sentry" {
            let sent: Map<String, Value> = serde_json::from_slice(&surrogates::paired(&part.content))
                .map_err(|error| bad(format!("its part sentry is not a JSON object: {error}")))?;
            event.extend(sent);
        } else if let Some(path) = part.name.strip_prefix("sentry[").and_then(|it| it.strip_suffix(']')) {
            set(&mut event, path, text());
        } else {
            extra.insert(part.name.clone(), text());
        }
    }
    event.entry("platform").or_insert_with(|| "native".into());
    event.entry("level").or_insert_with(|| "fatal".into());
    let named = event.get("event_id").and_then(Value::as_str).and_then(event_id::normalised);
    event.insert("event_id".to_owned(), named.or_else(|| Some(event_id::new())).into());
    event.entry("exception").or_insert_with(|| {
        let mechanism = json!({ "type": "minidump", "handled": false, "synthetic": true });
        json!({ "values": [{ "type": "Minidump", "value": "A native crash", "mechanism": mechanism }] })
    });
    if let Value::Object(sent) = event.entry("extra").or_insert_with(|| json!({})) {
        sent.extend(extra);
    }
    Ok(Value::Object(event))
}

/// `tags][a` is the tag `a`.
fn set(event: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once("][") {
        None => drop(event.insert(path.to_owned(), value)),
        Some((name, rest)) => {
            if let Value::Object(inner) = event.entry(name).or_insert_with(|| json!({})) {
                inner.insert(rest.to_owned(), value);
            }
        }
    }
}

fn bad(reason: String) -> BadEnvelope {
    BadEnvelope::Payload { item: 1, ty: "minidump".to_owned(), reason }
}
