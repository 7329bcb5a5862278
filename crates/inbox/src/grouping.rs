//! Which issue an event belongs to: its fingerprint, with `{{ default }}` resolved as far as one can without a server.

use serde_json::Value;

/// The fingerprint as the event has it.
pub(crate) fn sent(event: &Value) -> Vec<String> {
    let parts = event["fingerprint"].as_array();
    let text = |part: &Value| part.as_str().map_or_else(|| part.to_string(), str::to_owned);
    parts.map(|parts| parts.iter().map(text).collect()).unwrap_or_default()
}

/// The fingerprint with `{{ default }}` replaced; an absent one is the default alone.
pub(crate) fn resolved(event: &Value) -> Vec<String> {
    let sent = sent(event);
    if sent.is_empty() {
        return default(event);
    }
    sent.into_iter().flat_map(|part| if is_default(&part) { default(event) } else { vec![part] }).collect()
}

fn is_default(part: &str) -> bool {
    part.strip_prefix("{{")
        .and_then(|rest| rest.strip_suffix("}}"))
        .is_some_and(|name| name.trim() == "default")
}

/// Exceptions: type and top in-app function. Messages: their template, or their text.
fn default(event: &Value) -> Vec<String> {
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
