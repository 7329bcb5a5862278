//! Variables in the fingerprints of SDKs, which Sentry's server fills in. Like there, a variable is a whole part.

use serde_json::Value;

use super::{exception, frames, message, without_parameters};
use crate::shape::words;

/// The name in `{{ name }}`.
pub(super) fn name(part: &str) -> Option<&str> {
    let name = part.strip_prefix("{{")?.strip_suffix("}}")?.trim();
    (!name.is_empty() && !name.contains(char::is_whitespace)).then_some(name)
}

/// The part, or what the variable in it stands for; `<no-…>` where the event has no such fact.
pub(super) fn filled(part: String, event: &Value) -> String {
    let Some(name) = name(&part) else { return part };
    let first = exception(event).unwrap_or(&Value::Null);
    let field = |name: &str| words(&event[name]).map(str::to_owned);
    let frame = |name: &str| frames::top_text(event, name).map(str::to_owned);
    let text = |text: &str| without_parameters(text);
    let (fact, missing) = match name {
        "transaction" => (field("transaction"), "transaction"),
        "level" => (field("level"), "level"),
        "release" => (field("release"), "release"),
        "environment" => (field("environment"), "environment"),
        "logger" => (field("logger"), "logger"),
        "type" | "error.type" => (words(&first["type"]).map(str::to_owned), "type"),
        "value" | "error.value" => (words(&first["value"]).map(text), "value"),
        "message" => {
            let value = words(&first["value"]).map(str::to_owned);
            (value.or_else(|| message(event)).map(|it| text(&it)), "message")
        }
        "function" | "stack.function" => (frames::top_function(event).map(str::to_owned), "function"),
        "module" | "stack.module" => (frame("module"), "module"),
        "package" | "stack.package" => (frame("package"), "package"),
        "path" | "stack.abs_path" => (frame("abs_path"), "abs-path"),
        "filename" | "stack.filename" => (frame("filename"), "filename"),
        name => {
            let Some(tag) = name.strip_prefix("tags.") else { return part };
            return crate::received::fields::tag(event, tag)
                .unwrap_or_else(|| format!("<no-value-for-tag-{tag}>"));
        }
    };
    fact.unwrap_or_else(|| format!("<no-{missing}>"))
}
