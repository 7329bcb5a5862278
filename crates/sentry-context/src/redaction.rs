//! What never leaves the process: secrets in headers, URLs, query strings, bodies and free data.
//!
//! Names are judged, not values: a field whose name speaks of a secret is filtered whole.

use sentry::protocol::{Context, Event, Map, Request, Transaction, Value};

use crate::facts::Facts;

/// What stands in place of a secret, as in Sentry's own scrubbing.
pub const FILTERED: &str = "[Filtered]";

const SECRET_HEADERS: [&str; 6] =
    ["authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "x-csrf-token"];
const SECRET_FIELDS: [&str; 9] =
    ["password", "passwd", "secret", "token", "card", "cvv", "api_key", "apikey", "authorization"];

/// Does the field's name speak of a secret?
pub fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_FIELDS.iter().any(|secret| name.contains(secret))
}

/// Redacts an event in place.
pub fn event(event: &mut Event<'static>) {
    event.request.as_mut().map(request);
    contexts(&mut event.contexts);
    map(&mut event.extra);
    for crumb in &mut event.breadcrumbs.values {
        map(&mut crumb.data);
        crumb.message.as_mut().map(text);
    }
    for exception in &mut event.exception.values {
        exception.value.as_mut().map(text);
    }
    event.message.as_mut().map(text);
}

/// Redacts a transaction in place.
pub fn transaction(transaction: &mut Transaction<'static>) {
    transaction.request.as_mut().map(request);
    contexts(&mut transaction.contexts);
    map(&mut transaction.extra);
    for span in &mut transaction.spans {
        map(&mut span.data);
    }
}

/// Redacts headers, cookies, the URL, its query string and the body of a request.
pub fn request(request: &mut Request) {
    for (name, value) in &mut request.headers {
        if SECRET_HEADERS.contains(&name.to_ascii_lowercase().as_str()) || is_secret(name) {
            FILTERED.clone_into(value);
        }
    }
    request.cookies = request.cookies.take().map(|_| FILTERED.to_owned());
    if let Some(url) = &mut request.url
        && let Some(query) = url.query()
    {
        let query = query_string(query);
        url.set_query(Some(&query));
    }
    request.query_string = request.query_string.take().map(|query| query_string(&query));
    request.data = request.data.take().and_then(|data| body(&data));
}

/// A body that is JSON, redacted; anything else is not sent.
fn body(data: &str) -> Option<String> {
    let mut json: Value = serde_json::from_str(data).ok()?;
    value(&mut json);
    serde_json::to_string(&json).ok()
}

/// `name=value&…` with the values of secret names filtered.
pub fn query_string(query: &str) -> String {
    let filtered = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) if is_secret(name) => format!("{name}={FILTERED}"),
        _ => pair.to_owned(),
    });
    filtered.collect::<Vec<_>>().join("&")
}

fn contexts(contexts: &mut Map<String, Context>) {
    for context in contexts.values_mut() {
        match context {
            Context::Other(fields) => map(fields),
            Context::Trace(trace) => map(&mut trace.data),
            _ => {}
        }
    }
}

fn map(fields: &mut Facts) {
    for (name, field) in fields {
        if is_secret(name) { *field = FILTERED.into() } else { value(field) }
    }
}

fn value(json: &mut Value) {
    match json {
        Value::String(string) => text(string),
        Value::Array(items) => items.iter_mut().for_each(value),
        Value::Object(fields) => {
            for (name, field) in fields {
                if is_secret(name) { *field = FILTERED.into() } else { value(field) }
            }
        }
        _ => {}
    }
}

/// Filters the password in every `scheme://user:password@host` of a text.
fn text(text: &mut String) {
    let mut from = 0;
    while let Some(start) = text[from..].find("://").map(|at| from + at + 3) {
        let end = text[start..].find([' ', '/', '"', '\'', '?']).map_or(text.len(), |at| start + at);
        from = start;
        if let Some(at) = text[start..end].rfind('@')
            && let Some(colon) = text[start..start + at].find(':')
        {
            text.replace_range(start + colon + 1..start + at, FILTERED);
        }
    }
}

/// A DSN, or what was meant as one, without its keys.
pub fn dsn(text: &str) -> String {
    match (text.find("://"), text.rfind('@')) {
        (Some(scheme), Some(at)) if scheme + 3 <= at => {
            format!("{}{FILTERED}{}", &text[..scheme + 3], &text[at..])
        }
        (None, Some(at)) => format!("{FILTERED}{}", &text[at..]),
        _ => text.to_owned(),
    }
}
