//! Secrets in free text: messages, errors, log lines.

use std::ops::Range;

use super::decoded::Decoded;
use super::{FILTERED, Place, hidden, pairs, shapes, userinfo};

/// Filters secrets in a text.
pub fn text(text: &mut String) {
    of(Place::Own, text);
}

/// Filters secrets in a text from here or from a client. Every step is linear in the text's length.
pub(super) fn of(place: Place, text: &mut String) {
    if text.is_empty() {
        return;
    }
    let Some(decoded) = Decoded::of(text) else { return FILTERED.clone_into(text) };
    let mut spans = Vec::new();
    hidden::find(&decoded, &mut spans);
    userinfo::find(&decoded, place, &mut spans);
    pairs::find(&decoded, place, &mut spans);
    shapes::find(&decoded, &mut spans);
    if !spans.is_empty() {
        let spans = spans.iter().map(|span| decoded.in_raw(span)).collect();
        *text = filtered(text, spans);
    }
}

/// The text with these parts filtered, each once, however often it was found.
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
