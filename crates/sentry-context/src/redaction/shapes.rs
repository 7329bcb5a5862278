//! Secrets that are recognised by their form alone.

use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::decoded::Decoded;
use super::pairs::scheme;
use super::work::looked_at;
use super::{numbers, signs};

/// JSON Web Tokens (and any other JSON in base64), and keys of AWS, GitHub, GitLab, Slack, Stripe, Google, npm and
/// SendGrid. After its prefix, each alternative is one character class, so a search never backtracks.
static KEYS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?x-u)
        (?: eyJ[A-Za-z0-9_.=+-]{8,}
          | (?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{12,}
          | (?:gh[opsur]_|github_pat_|glpat-|xox[abprs]-|[rs]k_(?:live|test)_|npm_|SG\.)[A-Za-z0-9_.-]{16,}
          | (?:AIza|ya29\.)[A-Za-z0-9_-]{16,} )",
    )
    .ok()
});

/// The shortest text that [`KEYS`] matches.
const SHORTEST_KEY: usize = 11;

const PEM: &[u8] = b"-----BEGIN ";
const PEM_END: &[u8] = b"-----END ";

/// `signs` are those of the text.
pub(super) fn find(text: &Decoded<'_>, signs: u8, spans: &mut Vec<Range<usize>>) {
    let bytes = text.bytes.as_ref();
    if bytes.len() >= SHORTEST_KEY {
        keys(bytes, spans);
    }
    if signs & signs::SEPARATOR != 0 {
        pem(bytes, spans);
    }
    if signs & (signs::SCHEME | signs::DIGIT) != 0 {
        credentials_and_numbers(bytes, spans);
    }
}

fn credentials_and_numbers(bytes: &[u8], spans: &mut Vec<Range<usize>>) {
    let mut at = 0;
    while at < bytes.len() {
        if at > 0 && bytes[at - 1].is_ascii_alphanumeric() {
            at += 1;
            continue;
        }
        let end = match bytes[at] {
            b'b' | b'B' => credentials(bytes, at, spans),
            b'0'..=b'9' => numbers::find(bytes, at, spans),
            b'A'..=b'Z' => numbers::iban(bytes, at, spans),
            _ => at,
        };
        at = end.max(at + 1);
    }
}

fn keys(bytes: &[u8], spans: &mut Vec<Range<usize>>) {
    // A text that cannot be searched is not sent.
    let Some(keys) = &*KEYS else { return spans.push(0..bytes.len()) };
    let starts = |at: usize| at == 0 || !bytes[at - 1].is_ascii_alphanumeric();
    spans.extend(keys.find_iter(bytes).map(|found| found.range()).filter(|range| starts(range.start)));
}

/// The content of PEM blocks; everything after the first line of a block that has no last line.
fn pem(bytes: &[u8], spans: &mut Vec<Range<usize>>) {
    let mut at = 0;
    while let Some(begin) = position(&bytes[at..], PEM) {
        let name = at + begin + PEM.len();
        let start = position(&bytes[name..], b"-----").map_or(bytes.len(), |end| name + end + 5);
        let end = position(&bytes[start..], PEM_END).map_or(bytes.len(), |end| start + end);
        if end > start {
            spans.push(start..end);
        }
        at = end;
    }
}

fn position(bytes: &[u8], what: &[u8]) -> Option<usize> {
    let at = bytes.windows(what.len()).position(|window| window == what);
    looked_at(at.unwrap_or(bytes.len()));
    at
}

/// `Bearer …`, and `Basic …` if base64 of a user and a password follows. Elsewhere they are ordinary words.
fn credentials(bytes: &[u8], at: usize, spans: &mut Vec<Range<usize>>) -> usize {
    let Some((scheme, length)) = scheme(&bytes[at..]) else { return at };
    let start = at + length;
    // In a form, a blank is a plus, so a plus cannot be part of the base64.
    let form = bytes[start - 1] == b'+';
    let token =
        bytes[start..].iter().take_while(|byte| is_token(**byte) && !(form && **byte == b'+')).count();
    looked_at(length + token);
    let secret = match scheme {
        b"bearer" => token > 0,
        b"basic" => names_user(&bytes[start..start + token]),
        _ => false,
    };
    if secret {
        spans.push(start..start + token);
        return start + token;
    }
    at + scheme.len()
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'~' | b'+' | b'/' | b'=' | b'-')
}

/// Is this the base64 of a text that contains a colon?
fn names_user(token: &[u8]) -> bool {
    let (mut bits, mut count, mut colon) = (0_u32, 0, false);
    for byte in token {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => continue,
            _ => return false,
        };
        (bits, count) = (bits << 6 | u32::from(digit), count + 6);
        if count >= 8 {
            count -= 8;
            colon |= bits >> count & 0xff == u32::from(b':');
        }
        bits &= 0xff;
    }
    colon
}
