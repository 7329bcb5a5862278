//! Values that follow the name of a secret: `name=value`, `name: value`, `"name": "value"` (also with the escaped quotes
//! of JSON within JSON), `<name>value</name>` and `--name value`.

use std::ops::Range;

use super::Place;
use super::decoded::Decoded;
use super::names::{self, Grade};
use super::work::looked_at;

/// How many blanks may be between a name and its separator.
const BLANKS: usize = 16;

/// A name before a separator.
struct Name<'b> {
    grade: Grade,
    name: &'b [u8],
    quoted: bool,
    /// The byte before it.
    before: Option<u8>,
}

/// Reads every separator, name and value once. The search continues after the separator of a harmless name, because its
/// value may contain another pair, and after the value of a secret.
pub(super) fn find(text: &Decoded<'_>, place: Place, spans: &mut Vec<Range<usize>>) {
    let bytes = text.bytes.as_ref();
    let mut at = 0;
    while let Some(next) = bytes[at..].iter().position(|byte| matches!(byte, b'=' | b':' | b'>' | b'-')) {
        let separator = at + next;
        looked_at(next + 1);
        at = separator + 1;
        let value = match bytes[separator] {
            b'-' => option(text, separator),
            b'>' => element(bytes, separator),
            _ => assigned(text, separator, place),
        };
        if let Some(value) = value {
            at = at.max(value.end);
            spans.push(value);
        }
    }
}

/// `--name value`. `--name=value` is a pair like any other.
fn option(text: &Decoded<'_>, at: usize) -> Option<Range<usize>> {
    let bytes = text.bytes.as_ref();
    let starts = at == 0 || bytes[at - 1].is_ascii_whitespace();
    if !starts || bytes.get(at + 1) != Some(&b'-') {
        return None;
    }
    let name = &bytes[at + 2..];
    let name = &name[..name.iter().position(|byte| !is_name(*byte)).unwrap_or(name.len())];
    let end = at + 2 + name.len();
    looked_at(name.len());
    (bytes.get(end) == Some(&b' ') && grade(name) >= Grade::Field).then(|| run(text, end + 1, 1))?
}

/// `<name>value<`.
fn element(bytes: &[u8], close: usize) -> Option<Range<usize>> {
    let tag = bytes[..close].rsplit(|byte| matches!(byte, b'<' | b'>' | b'\n')).next()?;
    looked_at(tag.len());
    let opened = close.checked_sub(tag.len() + 1).is_some_and(|at| bytes[at] == b'<');
    let name = tag.split(|byte| !is_name(*byte)).next()?;
    if !opened || grade(name) < Grade::Field {
        return None;
    }
    let value = &bytes[close + 1..];
    let length = value.iter().position(|byte| *byte == b'<').unwrap_or(value.len());
    looked_at(length);
    (length > 0).then_some(close + 1..close + 1 + length)
}

fn assigned(text: &Decoded<'_>, separator: usize, place: Place) -> Option<Range<usize>> {
    let bytes = text.bytes.as_ref();
    let colon = bytes[separator] == b':';
    let mut start = separator + 1;
    match bytes.get(start) {
        // A Rust path.
        Some(b':') if colon => return None,
        // Base64 padding, or a comparison.
        Some(b'=') if bytes.get(start + 1).is_none_or(u8::is_ascii_whitespace) => return None,
        Some(b'>' | b'=') => start += 1,
        _ => {}
    }
    let name = name_before(bytes, separator)?;
    start += bytes[start..].iter().position(|byte| !byte.is_ascii_whitespace())?;
    let prose = colon && !name.quoted && !is_quote(bytes[start]) && is_word(name.name);
    let parameter = matches!(name.before, Some(b'?' | b'&'));
    let secret = match name.grade {
        Grade::Harmless => false,
        Grade::Sent => parameter || (place == Place::Client && !prose),
        Grade::Field => !prose,
        Grade::Secret => true,
    };
    if !secret {
        return None;
    }
    let lower = name.name.to_ascii_lowercase();
    let line = lower.ends_with(b"cookie") || (colon && lower.ends_with(b"authorization"));
    if line && !parameter && !is_quote(bytes[start]) {
        return rest_of_line(text, start, &lower);
    }
    run(text, start, text.width(separator))
}

/// Is it a word in a sentence rather than an identifier?
fn is_word(name: &[u8]) -> bool {
    name.iter().all(u8::is_ascii_alphabetic) && !name.iter().skip(1).any(u8::is_ascii_uppercase)
}

fn name_before(bytes: &[u8], separator: usize) -> Option<Name<'_>> {
    let mut end = separator;
    while end > 0 && separator - end < BLANKS && bytes[end - 1].is_ascii_whitespace() {
        end -= 1;
    }
    let closing = end;
    while end > 0 && matches!(bytes[end - 1], b'"' | b'\'' | b'\\' | b']') {
        end -= 1;
    }
    let length = bytes[..end].iter().rev().position(|byte| !is_name(*byte)).unwrap_or(end);
    let name = &bytes[end - length..end];
    looked_at(separator - (end - length));
    let before = (end - length).checked_sub(1).map(|at| bytes[at]);
    let quoted = bytes[end..closing].iter().any(|byte| is_quote(*byte));
    let grade = grade(name);
    (grade > Grade::Harmless).then_some(Name { grade, name, quoted, before })
}

/// The quoted key before this separator.
pub(super) fn key_before(bytes: &[u8], separator: usize) -> Option<&[u8]> {
    let mut end = separator;
    while end > 0
        && separator - end < BLANKS
        && (bytes[end - 1].is_ascii_whitespace() || is_quote(bytes[end - 1]))
    {
        end -= 1;
    }
    let quoted = bytes[end..separator].iter().any(|byte| is_quote(*byte));
    let length = bytes[..end].iter().rev().take(BLANKS).position(|byte| !byte.is_ascii_alphabetic())?;
    quoted.then(|| &bytes[end - length..end])
}

fn grade(name: &[u8]) -> Grade {
    if name.is_empty() { Grade::Harmless } else { names::grade(&String::from_utf8_lossy(name)) }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'[' | b'$') || byte >= 0x80
}

pub(super) fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'\\')
}

/// Cookies, and credentials of unusual schemes, have several parts with separators between them: the value ends with its
/// line.
fn rest_of_line(text: &Decoded<'_>, start: usize, name: &[u8]) -> Option<Range<usize>> {
    let bytes = text.bytes.as_ref();
    if !name.ends_with(b"cookie") && scheme(&bytes[start..]).is_some_and(|(known, _)| known != b"digest") {
        return run(text, start, 1);
    }
    let length = bytes[start..].iter().position(|byte| matches!(byte, b'\r' | b'\n' | b'`'));
    let end = length.map_or(bytes.len(), |length| start + length);
    looked_at(end - start);
    (end > start).then_some(start..end)
}

/// An authentication scheme such as `Bearer`, and its length with the blanks after it.
pub(super) fn scheme(bytes: &[u8]) -> Option<(&'static [u8], usize)> {
    const SCHEMES: [&[u8]; 5] = [b"bearer", b"basic", b"digest", b"token", b"negotiate"];
    let scheme = SCHEMES
        .into_iter()
        .find(|scheme| bytes.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))?;
    let blanks = bytes[scheme.len()..].iter().take_while(|byte| byte.is_ascii_whitespace() || **byte == b'+');
    let blanks = blanks.count();
    (blanks > 0).then_some((scheme, scheme.len() + blanks))
}

/// The value that starts at `start`, in a text whose separators take `width` bytes. Separators that are encoded more
/// often belong to the value.
pub(super) fn run(text: &Decoded<'_>, start: usize, width: usize) -> Option<Range<usize>> {
    let bytes = text.bytes.as_ref();
    let mut at = start + scheme(&bytes[start..]).map_or(0, |(_, length)| length);
    let slashes = bytes[at..].iter().take_while(|byte| **byte == b'\\').count();
    if let Some(quote @ (b'"' | b'\'')) = bytes.get(at + slashes)
        && text.width(at + slashes) <= width.max(6)
    {
        let inside = at + slashes + 1;
        let end = quoted(bytes, inside, *quote, slashes);
        return (end > inside).then_some(inside..end);
    }
    while let Some(byte) = bytes.get(at) {
        let outer = text.width(at) <= width;
        at = match byte {
            b'(' | b'[' | b'{' if outer => balanced(bytes, at),
            b',' | b';' if outer && goes_on(&bytes[at + 1..]) => at + 1,
            b'"' if outer && at > start && at - start <= 2 => quoted(bytes, at + 1, b'"', 0) + 1,
            byte if outer && is_end(*byte) => break,
            _ => at + 1,
        }
        .min(bytes.len());
    }
    looked_at(at - start);
    (at > start).then_some(start..at)
}

fn is_end(byte: u8) -> bool {
    byte.is_ascii_whitespace()
        || matches!(byte, b'&' | b',' | b';' | b'"' | b'\'' | b')' | b'}' | b']' | b'<' | b'>')
}

/// Does the value continue after a comma? If not, the next pair begins there.
fn goes_on(rest: &[u8]) -> bool {
    let end = rest.iter().position(|byte| is_end(*byte)).unwrap_or(rest.len());
    looked_at(end);
    end > 0 && !rest[..end].iter().any(|byte| matches!(byte, b'=' | b':'))
}

/// The end of the text that this quote opened, after so many backslashes; the end of `bytes` if no quote closes it.
fn quoted(bytes: &[u8], from: usize, quote: u8, slashes: usize) -> usize {
    let mut before = 0;
    let looked_at_until = |end: usize| looked_at(end.saturating_sub(from));
    for (at, byte) in bytes.iter().enumerate().skip(from) {
        match *byte {
            b'\\' => before += 1,
            // JSON in JSON doubles the backslashes, so the content's own come in multiples.
            byte if byte == quote && before % (2 * (slashes + 1)) == slashes => {
                looked_at_until(at);
                return at - slashes;
            }
            _ => before = 0,
        }
    }
    looked_at_until(bytes.len());
    bytes.len()
}

/// The position after the matching bracket; the end of `bytes` if there is none.
fn balanced(bytes: &[u8], from: usize) -> usize {
    let (mut depth, mut at) = (0_usize, from);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b'"' => {
                let slashes = bytes[from..at].iter().rev().take_while(|byte| **byte == b'\\').count();
                looked_at(slashes);
                at = quoted(bytes, at + 1, b'"', slashes) + slashes;
            }
            _ => {}
        }
        at += 1;
        if depth == 0 {
            break;
        }
    }
    looked_at(at - from);
    at.min(bytes.len())
}
