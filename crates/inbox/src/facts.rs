//! What events and transactions are searched by, and what is counted of them: their tags, and what Sentry makes tags of.

use serde_json::Value;

use crate::grouping;
use crate::received::fields::{scalar, text};
use crate::text::{SHORT, clip};

/// Most tags of an event that are looked at.
pub(crate) const MAX_TAGS: usize = 100;

/// Longest name of a tag.
const MAX_NAME: usize = 64;

/// Names with their values.
pub(crate) type Facts = Vec<(String, String)>;

/// Fields of an event that are facts, by their own names.
const FIELDS: [&str; 7] =
    ["environment", "release", "dist", "platform", "logger", "server_name", "transaction"];

/// Contexts that are facts, by their names and versions.
const CONTEXTS: [&str; 4] = ["runtime", "os", "browser", "device"];

/// Facts of a user.
const USER: [(&str, &str); 4] =
    [("id", "user.id"), ("email", "user.email"), ("username", "user.username"), ("ip_address", "user.ip")];

/// Of an event in its one shape.
pub(crate) fn of_event(event: &Value) -> Facts {
    let mut facts = tags(event);
    facts.extend(text(&event["level"]).map(|level| ("level".to_owned(), level)));
    let mechanism = grouping::exception(event).map(|exception| &exception["mechanism"]);
    for (name, fact) in [("type", "mechanism"), ("handled", "handled")] {
        let value = mechanism.and_then(|it| scalar(&it[name]));
        facts.extend(value.map(|value| (fact.to_owned(), value)));
    }
    facts.extend(text(&event["request"]["url"]).map(|url| ("url".to_owned(), url)));
    common(event, &mut facts);
    facts
}

pub(crate) fn of_transaction(transaction: &Value) -> Facts {
    let mut facts = tags(transaction);
    common(transaction, &mut facts);
    let trace = &transaction["contexts"]["trace"];
    for (name, value) in [("transaction.op", &trace["op"]), ("transaction.status", &trace["status"])] {
        facts.extend(scalar(value).map(|value| (name.to_owned(), value)));
    }
    facts
}

fn common(payload: &Value, facts: &mut Facts) {
    for name in FIELDS {
        facts.extend(scalar(&payload[name]).map(|value| (name.to_owned(), value)));
    }
    for (name, fact) in USER {
        let value = scalar(&payload["user"][name]).filter(|value| !value.is_empty());
        facts.extend(value.map(|value| (fact.to_owned(), value)));
    }
    for name in CONTEXTS {
        let context = &payload["contexts"][name];
        let version = text(&context["version"]).map(|version| format!(" {version}")).unwrap_or_default();
        let value = text(&context["name"]).map(|it| clip(&format!("{it}{version}"), SHORT));
        facts.extend(value.map(|value| (name.to_owned(), value)));
    }
    facts.extend(text(&payload["sdk"]["name"]).map(|name| ("sdk.name".to_owned(), name)));
}

/// Tags are an object in newer SDKs and a list of pairs in older ones; Sentry's own API has objects for pairs.
fn tags(payload: &Value) -> Facts {
    let pair = |name: &str, value: &Value| Some((clip(name, MAX_NAME), scalar(value)?));
    match &payload["tags"] {
        Value::Object(tags) => {
            tags.iter().take(MAX_TAGS).filter_map(|(name, value)| pair(name, value)).collect()
        }
        Value::Array(tags) => {
            let of = |tag: &Value| {
                let name = tag[0].as_str().or_else(|| tag["key"].as_str())?;
                pair(name, if tag.is_array() { &tag[1] } else { &tag["value"] })
            };
            tags.iter().take(MAX_TAGS).filter_map(of).collect()
        }
        _ => Vec::new(),
    }
}
