//! Fields of payloads, which clients of every age write in their own ways.

use serde_json::{Map, Value};

use crate::event_id;
use crate::text::{SHORT, clip};

/// The id of the envelope, or else of the payload, or else a new one. What is no id counts as none: an event with a
/// wrong id says more than none at all.
pub(crate) fn event_id(payload: &Value, envelope: &Map<String, Value>) -> String {
    let of = |object: &Map<String, Value>| event_id::of(object).ok().flatten();
    of(envelope).or_else(|| payload.as_object().and_then(of)).unwrap_or_else(event_id::new)
}

/// A name, as far as lists show it.
pub(crate) fn text(value: &Value) -> Option<String> {
    value.as_str().map(|text| clip(text, SHORT))
}

/// Numbers and booleans stand where text is meant, for example in user ids.
pub(crate) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Number(_) | Value::Bool(_) => Some(clip(&value.to_string(), SHORT)),
        _ => text(value),
    }
}

/// Tags are an object in newer SDKs and a list of pairs in older ones; Sentry's own API has objects for pairs.
pub(crate) fn tag(payload: &Value, name: &str) -> Option<String> {
    let is = |pair: &Value| pair[0] == name || pair["key"] == name;
    let value = |pair: &Value| scalar(&pair[1]).or_else(|| scalar(&pair["value"]));
    match &payload["tags"] {
        Value::Object(tags) => tags.get(name).and_then(scalar),
        Value::Array(tags) => tags.iter().find(|pair| is(pair)).and_then(value),
        _ => None,
    }
}
