//! Values in text whose names are values, too: `{"name": "password", "value": "…"}`, also if the text is cut or encoded,
//! or is JSON within JSON.

use std::ops::Range;

use super::decoded::Decoded;
use super::pairs::{is_quote, key_before, run};
use super::{NAME, Place, VALUE};

/// If any field names a secret, every field that may hold its value is filtered: the text does not show which fields
/// belong together.
pub(super) fn find(text: &Decoded<'_>, place: Place, spans: &mut Vec<Range<usize>>) {
    let bytes = text.bytes.as_ref();
    let (mut values, mut named, mut at) = (Vec::new(), false, 0);
    while let Some(next) = bytes[at..].iter().position(|byte| *byte == b':') {
        let separator = at + next;
        at = separator + 1;
        let Some(key) = key_before(bytes, separator) else { continue };
        if VALUE.iter().any(|name| name.as_bytes() == key) {
            values.push(separator);
        } else if NAME.iter().any(|name| name.as_bytes() == key)
            && let Some(name) = value(text, separator)
        {
            named |= names_a_secret(place, &bytes[name.clone()]);
            at = at.max(name.end);
        }
    }
    let mut end = 0;
    for separator in values.into_iter().filter(|_| named) {
        if separator >= end
            && let Some(value) = value(text, separator)
        {
            end = value.end;
            spans.push(value);
        }
    }
}

fn value(text: &Decoded<'_>, separator: usize) -> Option<Range<usize>> {
    let rest = &text.bytes[separator + 1..];
    let blanks = rest.iter().position(|byte| !byte.is_ascii_whitespace())?;
    let is_flag = [&b"true"[..], b"false", b"null"].iter().any(|flag| rest[blanks..].starts_with(flag));
    (!is_flag).then(|| run(text, separator + 1 + blanks, text.width(separator)))?
}

/// A name, or a path of names.
fn names_a_secret(place: Place, value: &[u8]) -> bool {
    let names = value.split(|byte| is_quote(*byte) || matches!(byte, b',' | b'[' | b']'));
    names.filter(|name| !name.is_empty()).any(|name| place.is_secret(&String::from_utf8_lossy(name)))
}
