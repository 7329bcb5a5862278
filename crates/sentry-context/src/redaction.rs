//! What never leaves the process: secrets in headers, URLs, query strings, bodies, free data and texts.
//!
//! Three things are judged: the *name* of a header, field or parameter (`api_key`, `cardNumber`, a whole object below
//! it too); the *form* of a text (`password=…`, `Bearer …`, `scheme://user:password@host`); and *values* that the
//! process knows to be secret ([`hide`]). [`event`], [`transaction`] and [`log`] look at all that is sent.

mod names;
mod request;
mod text;

use sentry::protocol::{Breadcrumb, Context, Event, Log, Map, Span, Thread, Transaction, User, Value};

use crate::facts::Facts;

pub use names::is_secret;
pub use request::{query_string, request};
pub use text::{dsn, hide, hide_password_of, text};

/// What stands in place of a secret, as in Sentry's own scrubbing.
pub const FILTERED: &str = "[Filtered]";

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
    }
    if let Some(entry) = &mut event.logentry {
        text(&mut entry.message);
        entry.params.iter_mut().for_each(value);
    }
    for told in [&mut event.message, &mut event.transaction, &mut event.culprit, &mut event.logger] {
        told.as_mut().map(text);
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
    text(&mut log.body);
    for (name, attribute) in &mut log.attributes {
        field(name, &mut attribute.0);
    }
}

/// Redacts JSON in place, by the names of its fields and the form of its texts.
pub fn value(json: &mut Value) {
    match json {
        Value::String(string) => text(string),
        Value::Array(items) => items.iter_mut().for_each(value),
        Value::Object(fields) => fields.iter_mut().for_each(|(name, json)| field(name, json)),
        _ => {}
    }
}

fn field(name: &str, json: &mut Value) {
    if is_secret(name) { *json = FILTERED.into() } else { value(json) }
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
        match context {
            Context::Other(fields) => facts(fields),
            Context::Trace(trace) => facts(&mut trace.data),
            _ => {}
        }
    }
}

fn user(user: &mut User) {
    for told in [&mut user.id, &mut user.email, &mut user.username] {
        told.as_mut().map(text);
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
