//! Secrets in free text: messages, errors, log lines.

use std::ops::Range;

use sentry::protocol::Value;

use super::decoded::Decoded;
use super::{FILTERED, Place, hidden, named, pairs, shapes, signs, userinfo};

/// Filters secrets in a text.
pub fn text(text: &mut String) {
    of(Place::Own, text);
}

/// How often a text is searched before all of it is filtered: filtering one part may change what the parts beside it look
/// like. The second search usually finds nothing.
const LOOKS: usize = 4;

/// Filters secrets in a text of our own or of a client. Every step is linear in the length of the text. A redacted text
/// does not change when it is redacted again.
pub(super) fn of(place: Place, text: &mut String) {
    for _ in 0..LOOKS {
        let Some(filtered) = look(place, text) else { return };
        *text = filtered;
    }
    if look(place, text).is_some() {
        FILTERED.clone_into(text);
    }
}

/// The text without the secrets that are found in it; `None` if none is.
fn look(place: Place, text: &str) -> Option<String> {
    if text.is_empty() {
        return None;
    }
    let plain = in_plain(place, text);
    let Some((json, seen)) = in_json(place, text) else { return plain };
    // The search in plain text keeps the blanks. The search in JSON knows which field names which value.
    match plain {
        Some(plain) if serde_json::from_str::<Value>(&plain).is_ok_and(|plain| plain == seen) => Some(plain),
        _ if seen != json => Some(seen.to_string()),
        plain => plain,
    }
}

fn in_plain(place: Place, text: &str) -> Option<String> {
    let Some(decoded) = Decoded::of(text) else { return Some(FILTERED.to_owned()) };
    let mut spans = Vec::new();
    hidden::find(&decoded, &mut spans);
    // Each of the others needs one of these bytes.
    let signs = signs::of(&decoded.bytes);
    if signs & signs::AT != 0 {
        userinfo::find(&decoded, place, &mut spans);
    }
    if signs & signs::SEPARATOR != 0 {
        pairs::find(&decoded, place, &mut spans);
        named::find(&decoded, place, &mut spans);
    }
    shapes::find(&decoded, signs, &mut spans);
    if spans.is_empty() {
        return None;
    }
    let filtered = filtered(text, spans.iter().map(|span| decoded.in_raw(span)).collect());
    (filtered != text).then_some(filtered)
}

/// The JSON in a text, before and after redaction; `None` if the text is not JSON.
fn in_json(place: Place, text: &str) -> Option<(Value, Value)> {
    if !text.trim_start().starts_with(['{', '[', '"']) {
        return None;
    }
    let json: Value = serde_json::from_str(text).ok()?;
    let mut seen = json.clone();
    super::json_of(place, &mut seen);
    Some((json, seen))
}

/// The text with these parts filtered. Parts that overlap are filtered once.
fn filtered(text: &str, mut spans: Vec<Range<usize>>) -> String {
    spans.sort_by_key(|span| span.start);
    let mut filtered = String::with_capacity(text.len());
    let mut kept = 0;
    let mut spans = spans.into_iter().peekable();
    while let Some(mut span) = spans.next() {
        while let Some(next) = spans.next_if(|next| next.start < span.end) {
            span.end = span.end.max(next.end);
        }
        filtered.push_str(&text[kept..span.start]);
        filtered.push_str(FILTERED);
        kept = span.end;
    }
    filtered.push_str(&text[kept..]);
    filtered
}

#[cfg(test)]
mod tests;
