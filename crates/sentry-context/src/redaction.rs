//! Removes secrets from everything that is sent: headers, URLs, query strings, bodies, free data and texts.
//!
//! A secret is recognised in three ways: by the *name* of a header, field or parameter (`api_key`, `cardNumber`), which
//! covers whole objects; by its *form* (`password=…`, `Bearer …`, `scheme://user:password@host`); and by its *value*,
//! where the process knows it ([`hide`]). [`event`], [`transaction`] and [`log`] cover everything that is sent.

mod address;
mod decoded;
mod hidden;
mod named;
mod names;
mod numbers;
mod pairs;
mod request;
mod shapes;
mod signs;
mod text;
mod userinfo;
mod work;

#[cfg(test)]
mod fuzz;

use sentry::protocol::{Breadcrumb, Context, Event, Log, Map, Span, Thread, Transaction, User, Value};

use crate::facts::Facts;
use crate::size;

pub use address::{about_address, address};
pub use hidden::{hide, hide_password_of};
pub use names::{is_secret, is_secret_of_client};
pub use request::{query_string, request};
pub use text::text;

pub use crate::size::FILTERED;

/// Where a text comes from. Some names hold a secret in what a client sends, and something harmless in our own data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Own,
    Client,
}

/// Redacts an event in place.
pub fn event(event: &mut Event<'static>) {
    event.request.as_mut().map(request);
    event.user.as_mut().map(user);
    contexts(&mut event.contexts);
    facts(&mut event.extra);
    tags(&mut event.tags);
    event.breadcrumbs.values.iter_mut().for_each(breadcrumb);
    event.threads.values.iter_mut().for_each(thread);
    for exception in &mut event.exception.values {
        exception.value.as_mut().map(text);
        if let Some(mechanism) = &mut exception.mechanism {
            mechanism.description.as_mut().map(text);
            facts(&mut mechanism.data);
        }
    }
    if let Some(entry) = &mut event.logentry {
        text(&mut entry.message);
        entry.params.iter_mut().for_each(value);
    }
    for reported in [&mut event.message, &mut event.transaction, &mut event.culprit, &mut event.logger] {
        reported.as_mut().map(text);
    }
}

/// Redacts a transaction in place.
pub fn transaction(transaction: &mut Transaction<'static>) {
    transaction.request.as_mut().map(request);
    transaction.user.as_mut().map(user);
    contexts(&mut transaction.contexts);
    facts(&mut transaction.extra);
    tags(&mut transaction.tags);
    transaction.name.as_mut().map(text);
    transaction.spans.iter_mut().for_each(span);
}

/// Redacts a log entry in place.
pub fn log(log: &mut Log) {
    size::log(log, size::WINDOW);
    text(&mut log.body);
    for (name, attribute) in &mut log.attributes {
        field(name, &mut attribute.0);
    }
    size::log(log, 0);
}

/// Redacts JSON in place, by the names of its fields and the form of its texts.
pub fn value(json: &mut Value) {
    json_of(Place::Own, json);
}

fn json_of(place: Place, json: &mut Value) {
    match json {
        Value::String(string) => text::of(place, string),
        Value::Array(items) => items.iter_mut().for_each(|item| json_of(place, item)),
        Value::Object(fields) => {
            let named = names_a_secret(place, fields);
            for (name, json) in fields.iter_mut() {
                let value_of_named = named && VALUE.contains(&name.as_str());
                if value_of_named { filter(json) } else { field_of(place, name, json) }
            }
            field_names(place, fields);
        }
        Value::Number(number) => {
            // It may be a card number.
            let mut written = number.to_string();
            text::of(place, &mut written);
            if written == FILTERED {
                *json = written.into();
            }
        }
        Value::Null | Value::Bool(_) => {}
    }
}

/// Fields that hold the name of a value. The value is in a field of [`VALUE`] beside them.
const NAME: [&str; 6] = ["name", "key", "field", "header", "loc", "param"];
const VALUE: [&str; 2] = ["value", "input"];

/// `{"name": "password", "value": "…"}`, `{"loc": ["body", "password"], "input": "…"}`.
fn names_a_secret(place: Place, fields: &serde_json::Map<String, Value>) -> bool {
    VALUE.iter().any(|value| fields.contains_key(*value))
        && NAME.iter().filter_map(|name| fields.get(*name)).any(|name| match name {
            Value::Array(path) => path.iter().filter_map(Value::as_str).any(|name| place.is_secret(name)),
            name => name.as_str().is_some_and(|name| place.is_secret(name)),
        })
}

/// Redacts field names that are secrets themselves, such as a session token used as a key.
fn field_names(place: Place, fields: &mut serde_json::Map<String, Value>) {
    let filtered = |name: &String| {
        let mut reported = name.clone();
        text::of(place, &mut reported);
        (reported != *name).then(|| (name.clone(), reported))
    };
    for (name, reported) in fields.keys().filter_map(filtered).collect::<Vec<_>>() {
        if let Some(json) = fields.remove(&name) {
            fields.insert(reported, json);
        }
    }
}

/// Keeps flags and empty values, which reveal nothing.
fn filter(json: &mut Value) {
    let empty = json.as_str().is_some_and(str::is_empty);
    if !empty && !json.is_null() && !json.is_boolean() {
        *json = FILTERED.into();
    }
}

fn field(name: &str, json: &mut Value) {
    field_of(Place::Own, name, json);
}

fn field_of(place: Place, name: &str, json: &mut Value) {
    if place.is_secret(name) { filter(json) } else { json_of(place, json) }
}

impl Place {
    fn is_secret(self, name: &str) -> bool {
        match self {
            Self::Own => is_secret(name),
            Self::Client => is_secret_of_client(name),
        }
    }
}

fn facts(facts: &mut Facts) {
    facts.iter_mut().for_each(|(name, json)| field(name, json));
}

fn tags(tags: &mut Map<String, String>) {
    for (name, tag) in tags {
        if is_secret(name) { FILTERED.clone_into(tag) } else { text(tag) }
    }
}

fn contexts(contexts: &mut Map<String, Context>) {
    for context in contexts.values_mut() {
        if let Context::Trace(trace) = context {
            trace.description.as_mut().map(text);
        }
    }
    contexts.values_mut().flat_map(size::facts_of).for_each(facts);
}

fn user(user: &mut User) {
    for reported in [&mut user.id, &mut user.email, &mut user.username] {
        reported.as_mut().map(text);
    }
    facts(&mut user.other);
}

fn breadcrumb(crumb: &mut Breadcrumb) {
    crumb.message.as_mut().map(text);
    facts(&mut crumb.data);
}

fn thread(thread: &mut Thread) {
    thread.name.as_mut().map(text);
}

fn span(span: &mut Span) {
    span.description.as_mut().map(text);
    facts(&mut span.data);
    tags(&mut span.tags);
}
