//! The shapes in which SDKs of all years send the same event, brought to one: the one that Sentry itself works with.
//!
//! Afterwards `exception` and `threads` are `{"values": [objects]}`, a stack trace is `{"frames": [objects]}`,
//! `logentry` has a `message` and its `formatted` text or is absent, and `level` is one of Sentry's five.

mod level;
mod placeholders;

use serde_json::{Map, Value, json};

/// What the first SDKs called their interfaces, and what they are called now.
const OLD_NAMES: [(&str, &str); 12] = [
    ("sentry.interfaces.Exception", "exception"),
    ("sentry.interfaces.Message", "logentry"),
    ("sentry.interfaces.Stacktrace", "stacktrace"),
    ("sentry.interfaces.Threads", "threads"),
    ("sentry.interfaces.Http", "request"),
    ("sentry.interfaces.User", "user"),
    ("sentry.interfaces.Breadcrumbs", "breadcrumbs"),
    ("sentry.interfaces.Contexts", "contexts"),
    ("sentry.interfaces.Template", "template"),
    ("sentry.interfaces.Query", "query"),
    ("sentry.interfaces.DebugMeta", "debug_meta"),
    ("culprit", "transaction"),
];

/// The event in the one shape.
pub(crate) fn canonical(event: Map<String, Value>) -> Value {
    let mut event = event;
    for (old, new) in OLD_NAMES {
        let sent = event.remove(old).unwrap_or_default();
        if event.get(new).is_none_or(Value::is_null) && !sent.is_null() {
            event.insert(new.to_owned(), sent);
        }
    }
    let stack = stacktrace(event.remove("stacktrace").unwrap_or_default());
    let exceptions = exceptions(event.remove("exception").unwrap_or_default(), &stack);
    let threads = listed(event.remove("threads").unwrap_or_default()).into_iter().map(with_stack);
    let threads: Vec<Value> = threads.map(Value::Object).collect();
    let entry = log_entry(&event);
    event.remove("message");
    event.insert("exception".to_owned(), json!({ "values": exceptions }));
    event.insert("threads".to_owned(), json!({ "values": threads }));
    event.insert("stacktrace".to_owned(), stack);
    event.insert("logentry".to_owned(), entry);
    event.insert("level".to_owned(), level::of(event.get("level")).into());
    Value::Object(event)
}

/// A text that says something.
pub(crate) fn words(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.trim().is_empty())
}

/// What SDKs send where text is meant: JSON that is no text is shown as it is written.
fn lenient(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(_) => words(value).map(str::to_owned),
        other => Some(other.to_string()),
    }
}

/// `{"values": […]}`, the list alone, or its only entry; a text alone is a value.
fn listed(field: Value) -> Vec<Map<String, Value>> {
    let list = match field {
        Value::Object(mut object) => match object.remove("values") {
            Some(Value::Object(values)) if is_numbered(&values) => numbered(values),
            Some(Value::Object(only)) => vec![Value::Object(only)],
            Some(Value::Array(values)) => values,
            None if is_numbered(&object) => numbered(object),
            Some(_) => Vec::new(),
            None => vec![Value::Object(object)],
        },
        Value::Array(list) => list,
        only => vec![only],
    };
    let entry = |entry| match entry {
        Value::Object(object) => Some(object),
        Value::String(text) => Some(Map::from_iter([("value".to_owned(), Value::String(text))])),
        _ => None,
    };
    list.into_iter().filter_map(entry).filter(|object| !object.is_empty()).collect()
}

/// PHP writes a list with gaps as an object whose names are the places.
fn is_numbered(object: &Map<String, Value>) -> bool {
    !object.is_empty() && object.keys().all(|name| name.parse::<u32>().is_ok())
}

fn numbered(object: Map<String, Value>) -> Vec<Value> {
    let mut entries: Vec<(u32, Value)> =
        object.into_iter().map(|(name, entry)| (name.parse().unwrap_or(u32::MAX), entry)).collect();
    entries.sort_by_key(|(place, _)| *place);
    entries.into_iter().map(|(_, entry)| entry).collect()
}

/// The stack of the event is that of its only exception, if that has none.
fn exceptions(field: Value, stack: &Value) -> Vec<Value> {
    let mut all: Vec<Map<String, Value>> =
        listed(field).into_iter().map(|it| named(with_stack(it))).filter(says_something).collect();
    if let [only] = all.as_mut_slice()
        && !has_frames(&only["stacktrace"])
    {
        only.insert("stacktrace".to_owned(), stack.clone());
    }
    all.into_iter().map(Value::Object).collect()
}

fn has_frames(stack: &Value) -> bool {
    stack["frames"].as_array().is_some_and(|frames| !frames.is_empty())
}

fn says_something(exception: &Map<String, Value>) -> bool {
    ["type", "value"].iter().any(|name| exception.contains_key(*name)) || has_frames(&exception["stacktrace"])
}

/// Its type and value as texts, or absent. Old clients send `Type: value` as the value alone.
fn named(mut exception: Map<String, Value>) -> Map<String, Value> {
    let mut take = |name: &str| exception.remove(name).as_ref().and_then(lenient);
    let (mut ty, mut value) = (take("type"), take("value"));
    if let (None, Some(both)) = (&ty, &value)
        && let Some((name, rest)) = both.split_once(':')
        && is_word(name)
        && !rest.contains('\n')
    {
        (ty, value) = (Some(name.to_owned()), Some(rest.trim().to_owned()));
    }
    let texts = [("type", ty), ("value", value)];
    exception.extend(texts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?.into()))));
    exception
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|it| it.is_alphanumeric() || it == '_')
}

fn with_stack(mut owner: Map<String, Value>) -> Map<String, Value> {
    let stack = stacktrace(owner.remove("stacktrace").unwrap_or_default());
    owner.insert("stacktrace".to_owned(), stack);
    owner
}

fn stacktrace(stack: Value) -> Value {
    let frames = match stack {
        Value::Object(mut stack) => stack.remove("frames").unwrap_or_default(),
        frames => frames,
    };
    let frames = match frames {
        Value::Array(frames) => frames,
        Value::Object(frames) if is_numbered(&frames) => numbered(frames),
        _ => Vec::new(),
    };
    let frames: Vec<Value> = frames.into_iter().filter(Value::is_object).collect();
    json!({ "frames": frames })
}

/// What the text of a message event was made from, and the text. Older SDKs send the entry, or its text, as `message`.
fn log_entry(event: &Map<String, Value>) -> Value {
    let entries = ["logentry", "message"].into_iter().filter_map(|name| event.get(name));
    entries
        .filter_map(texts)
        .next()
        .map_or(Value::Null, |(template, text)| json!({ "message": template, "formatted": text }))
}

fn texts(entry: &Value) -> Option<(String, String)> {
    if !entry.is_object() {
        return lenient(entry).map(|text| (text.clone(), text));
    }
    let (template, text) = (lenient(&entry["message"]), lenient(&entry["formatted"]));
    match (template, text) {
        (Some(template), Some(text)) => Some((template, text)),
        (None, Some(text)) => Some((text.clone(), text)),
        (Some(template), None) => {
            let text = placeholders::filled(&template, &entry["params"]);
            Some((template, text))
        }
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(event: Value) -> Value {
        let Value::Object(event) = event else { panic!("an object") };
        canonical(event)
    }

    #[test]
    fn an_exception_has_one_shape_whatever_it_was_sent_as() {
        let exception = json!({ "type": "E", "value": "v" });
        let shapes = [
            json!({ "values": [exception] }),
            json!({ "values": [null, exception, null, 7] }),
            json!({ "values": exception }),
            json!({ "values": { "3": exception } }),
            json!([null, exception]),
            exception.clone(),
            json!("E: v"),
            json!([{ "value": "E: v" }, {}, { "type": null, "value": "" }]),
        ];
        for shape in shapes {
            for name in ["exception", "sentry.interfaces.Exception"] {
                let exceptions = of(json!({ name: shape }))["exception"]["values"].clone();
                assert_eq!(exceptions.as_array().unwrap().len(), 1, "{shape}");
                assert_eq!((&exceptions[0]["type"], &exceptions[0]["value"]), (&json!("E"), &json!("v")));
            }
        }
        for none in [json!(null), json!([]), json!({}), json!({ "values": null }), json!([null]), json!("")] {
            assert_eq!(of(json!({ "exception": none }))["exception"]["values"], json!([]), "{none}");
        }
    }

    #[test]
    fn a_list_with_gaps_keeps_its_order() {
        let values: Map<String, Value> = (1..12).map(|at| (at.to_string(), json!({ "type": at }))).collect();
        let event = of(json!({ "exception": { "values": values } }));
        let types = event["exception"]["values"].as_array().unwrap().iter().map(|it| it["type"].as_str());
        assert!(
            types.eq((1..12).map(|at| at.to_string()).collect::<Vec<_>>().iter().map(|at| Some(at.as_str())))
        );
    }

    #[test]
    fn the_stack_of_an_old_event_is_its_only_exceptions() {
        let frames = json!({ "frames": [null, { "function": "f" }] });
        let old = json!({ "exception": { "type": "E" }, "sentry.interfaces.Stacktrace": frames });
        assert_eq!(
            of(old)["exception"]["values"][0]["stacktrace"],
            json!({ "frames": [{ "function": "f" }] })
        );
        let two = json!({ "exception": [{ "type": "E" }, { "type": "F" }], "stacktrace": frames });
        assert_eq!(of(two)["exception"]["values"][1]["stacktrace"], json!({ "frames": [] }));
    }

    #[test]
    fn a_message_is_found_in_every_shape() {
        let filled = json!({ "message": "it %s", "formatted": "it grew" });
        let plain = json!({ "message": "plain", "formatted": "plain" });
        for (sent, entry) in [
            (json!({ "logentry": { "message": "it %s", "params": ["grew"] } }), &filled),
            (json!({ "logentry": { "message": "it %s", "formatted": "it grew" }, "message": "x" }), &filled),
            (json!({ "sentry.interfaces.Message": { "message": "it %s", "params": ["grew"] } }), &filled),
            (json!({ "message": { "message": "it %s", "params": ["grew"] } }), &filled),
            (json!({ "logentry": "plain" }), &plain),
            (json!({ "message": "plain" }), &plain),
            (json!({ "logentry": { "message": null, "formatted": "plain" } }), &plain),
            (json!({ "logentry": {}, "message": "plain" }), &plain),
            (json!({ "message": "" }), &Value::Null),
        ] {
            assert_eq!(&of(sent.clone())["logentry"], entry, "{sent}");
        }
    }
}
