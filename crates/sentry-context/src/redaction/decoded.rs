//! A text without percent-encoding and JSON's `\u00..`, even if they were applied several times. For every decoded byte,
//! the position in the raw text is known.

use std::borrow::Cow;
use std::ops::Range;

use super::work::looked_at;

/// How often a text may be encoded. One that is encoded more often is filtered as a whole.
const LAYERS: usize = 4;

/// A decoded text.
pub(super) struct Decoded<'t> {
    raw: &'t str,
    /// The decoded text.
    pub(super) bytes: Cow<'t, [u8]>,
    /// Where each of these bytes starts in the raw text, and where the last one ends; `None` if nothing was encoded.
    starts: Option<Vec<usize>>,
}

impl<'t> Decoded<'t> {
    /// `None` if it is encoded too often.
    pub(super) fn of(raw: &'t str) -> Option<Self> {
        let mut decoded = Self { raw, bytes: Cow::Borrowed(raw.as_bytes()), starts: None };
        for _ in 0..LAYERS {
            if !decoded.strip_layer() {
                return Some(decoded);
            }
        }
        (!decoded.strip_layer()).then_some(decoded)
    }

    /// The range of the raw text that this range was decoded from.
    pub(super) fn in_raw(&self, range: &Range<usize>) -> Range<usize> {
        let (start, end) = (self.start(range.start), self.start(range.end));
        // Ranges begin and end at separators. If one did not, it would still have to end at a character boundary.
        self.raw.floor_char_boundary(start)..self.raw.ceil_char_boundary(end)
    }

    /// How many bytes of the raw text encode this byte: the more layers, the more bytes.
    pub(super) fn width(&self, at: usize) -> usize {
        self.start(at + 1) - self.start(at)
    }

    fn start(&self, at: usize) -> usize {
        self.starts.as_ref().map_or(at, |starts| starts[at])
    }

    /// Undoes one layer of encoding; false if there is none.
    fn strip_layer(&mut self) -> bool {
        let bytes = self.bytes.as_ref();
        looked_at(bytes.len());
        // Most texts are not encoded.
        if !bytes.contains(&b'%') && !bytes.contains(&b'\\') {
            return false;
        }
        let Some(first) = (0..bytes.len()).find(|at| encoded(&bytes[*at..]).is_some()) else { return false };
        let mut plain = bytes[..first].to_vec();
        let mut starts: Vec<usize> = (0..first).map(|at| self.start(at)).collect();
        let mut at = first;
        while at < bytes.len() {
            let (byte, length) = encoded(&bytes[at..]).unwrap_or((bytes[at], 1));
            plain.push(byte);
            starts.push(self.start(at));
            at += length;
        }
        starts.push(self.raw.len());
        (self.bytes, self.starts) = (Cow::Owned(plain), Some(starts));
        true
    }
}

/// The byte that is encoded at the start of `bytes`, and the length of its encoding.
fn encoded(bytes: &[u8]) -> Option<(u8, usize)> {
    match bytes {
        [b'%', high, low, ..] => Some((hex(*high)? << 4 | hex(*low)?, 3)),
        // Higher code points are not single bytes.
        [b'\\', b'u', b'0', b'0', high @ b'2'..=b'7', low, ..] => Some((hex(*high)? << 4 | hex(*low)?, 6)),
        _ => None,
    }
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_encoded_is_seen_plain_and_found_where_it_stands() {
        for (raw, plain) in [
            ("a=b", "a=b"),
            ("a%3Db", "a=b"),
            ("a%253db", "a=b"),
            ("a%25%33%44b", "a=b"),
            (r"a\u003db", "a=b"),
            ("100%, 5%2", "100%, 5%2"),
        ] {
            let decoded = Decoded::of(raw).unwrap();
            assert_eq!(decoded.bytes, plain.as_bytes(), "{raw}");
            if let Some(at) = plain.find('=') {
                assert_eq!(decoded.in_raw(&(at..at + 1)), 1..raw.len() - 1, "{raw}");
            }
        }
        assert!(Decoded::of(&format!("%{}3D", "25".repeat(9))).is_none());
    }
}
