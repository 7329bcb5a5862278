//! Which issue an event belongs to: its fingerprint, with `{{ default }}` resolved as far as one can without a server.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

use serde_json::Value;

use crate::text::{LONG, SHORT, clip};

/// Most parts of a fingerprint that are looked at.
const MAX_PARTS: usize = 50;

/// What distinguishes groups: a hash of the whole fingerprint, however long that is.
pub(crate) type Key = u128;

/// Which issue an event belongs to.
#[derive(Debug, Clone)]
pub(crate) struct Grouping {
    pub(crate) key: Key,
    /// The fingerprint as far as lists show it.
    pub(crate) shown: Vec<String>,
}

impl Grouping {
    /// By the project and the fingerprint with `{{ default }}` replaced; an absent one is the default alone.
    pub(crate) fn of(project: &str, event: &Value) -> Self {
        let parts = resolved(event);
        Self { key: hash(&(project, &parts)), shown: parts.iter().map(|part| clip(part, SHORT)).collect() }
    }
}

/// Nobody outside can foresee it: two texts with the same hash cannot be made.
pub(crate) fn hash(value: &impl std::hash::Hash) -> u128 {
    static KEYS: LazyLock<[RandomState; 2]> = LazyLock::new(|| [RandomState::new(), RandomState::new()]);
    let [high, low] = KEYS.each_ref().map(|key| u128::from(key.hash_one(value)));
    high << 64 | low
}

fn parts(event: &Value) -> impl Iterator<Item = String> {
    let text = |part: &Value| part.as_str().map_or_else(|| part.to_string(), str::to_owned);
    event["fingerprint"].as_array().into_iter().flatten().take(MAX_PARTS).map(text)
}

/// The fingerprint as the event has it, as far as lists show it.
pub(crate) fn sent(event: &Value) -> Vec<String> {
    parts(event).map(|part| clip(&part, SHORT)).collect()
}

fn resolved(event: &Value) -> Vec<String> {
    let default = default(event);
    let mut resolved = Vec::new();
    for part in parts(event) {
        if is_default(&part) { resolved.extend_from_slice(&default) } else { resolved.push(part) }
    }
    if resolved.is_empty() { default } else { resolved }
}

fn is_default(part: &str) -> bool {
    part.strip_prefix("{{")
        .and_then(|rest| rest.strip_suffix("}}"))
        .is_some_and(|name| name.trim() == "default")
}

/// Exceptions: type and top in-app function. Messages: their template, or their text. A fingerprint may name it many
/// times: it is as long as a title at most.
fn default(event: &Value) -> Vec<String> {
    whole_default(event).iter().map(|part| clip(part, LONG)).collect()
}

fn whole_default(event: &Value) -> Vec<String> {
    let Some(exception) = exception(event) else {
        return vec![template(event).unwrap_or_default()];
    };
    let ty = exception["type"].as_str().unwrap_or("Error").to_owned();
    match top_function(event) {
        Some(function) => vec![ty, function.to_owned()],
        None => vec![ty, exception["value"].as_str().unwrap_or_default().to_owned()],
    }
}

/// The outermost exception: Sentry's order has it last. Both `exception: {values}` and `exception: []` occur.
pub(crate) fn exception(event: &Value) -> Option<&Value> {
    let exceptions = &event["exception"];
    exceptions.get("values").unwrap_or(exceptions).as_array()?.last()
}

/// What the text of a message event was made from, or the text where that is not known.
fn template(event: &Value) -> Option<String> {
    let templates = [&event["logentry"]["message"], &event["message"]["message"]];
    templates.into_iter().find_map(Value::as_str).map(str::to_owned).or_else(|| message(event))
}

/// The text of a message event, as people read it.
pub(crate) fn message(event: &Value) -> Option<String> {
    let entry = &event["logentry"];
    // Older SDKs send the entry, or its text alone, as `message`.
    let older = &event["message"];
    let texts = [&entry["formatted"], &entry["message"], &older["formatted"], &older["message"], older];
    texts.into_iter().find_map(Value::as_str).map(str::to_owned)
}

/// The innermost function of ours, of the exception or else of the thread that spoke.
pub(crate) fn top_function(event: &Value) -> Option<&str> {
    let thread = event["threads"]["values"].as_array().and_then(|threads| threads.last());
    let frames = exception(event).or(thread)?["stacktrace"]["frames"].as_array()?;
    let ours = frames.iter().rev().find(|frame| frame["in_app"] == true)?;
    ours["function"].as_str()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn crash(fingerprint: Value) -> Value {
        json!({ "fingerprint": fingerprint, "exception": { "values": [
            { "type": "Cause", "value": "root" },
            { "type": "RuntimeError", "value": "out of bounds", "stacktrace": { "frames": [
                { "function": "outer", "in_app": true },
                { "function": "game::multiplier", "in_app": true },
                { "function": "core::panicking::panic", "in_app": false },
            ] } },
        ] } })
    }

    #[test]
    fn default_is_the_type_and_the_top_function_of_ours() {
        let default = ["RuntimeError", "game::multiplier"];
        assert_eq!(resolved(&crash(json!(["{{ default }}"]))), default);
        assert_eq!(resolved(&crash(json!([]))), default);
        assert_eq!(resolved(&crash(Value::Null)), default);
        assert_eq!(resolved(&crash(json!(["{{default}}", "x"]))), ["RuntimeError", "game::multiplier", "x"]);
        assert_eq!(resolved(&crash(json!(["game-engine", "crash"]))), ["game-engine", "crash"]);
    }

    #[test]
    fn without_a_stack_the_text_tells_issues_apart() {
        assert_eq!(resolved(&json!({ "message": "it grew" })), ["it grew"]);
        assert_eq!(
            resolved(&json!({ "logentry": { "message": "it grew by %s", "formatted": "it grew by 3" } })),
            ["it grew by %s"]
        );
        assert_eq!(resolved(&json!({ "exception": [{ "type": "E", "value": "v" }] })), ["E", "v"]);
    }
}
