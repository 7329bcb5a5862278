//! Forms of parameters that are recognised without a calendar. Each function gives the length of the form with
//! which the text begins.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Longest scheme of a URL, local part of an email address, domain; bytes.
const MAX_SCHEME: usize = 20;
const MAX_LOCAL: usize = 64;
const MAX_DOMAIN: usize = 253;

/// Longest number of several parts and longest IP address that are looked for, bytes.
const MAX_NUMBER: usize = 64;
const MAX_IP: usize = 45;

/// Shortest hexadecimal id without `0x`: shorter ones are too often words.
const MIN_HEX: usize = 8;

/// A letter, a digit or `_`; all beyond ASCII counts as letters.
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

/// How many bytes at the beginning are of this kind.
pub(super) fn run(text: &str, most: usize, of: impl Fn(u8) -> bool) -> usize {
    text.bytes().take(most).take_while(|byte| of(*byte)).count()
}

/// Whether a form that ends here is not part of a longer word.
pub(super) fn ends_at(text: &str, at: usize) -> bool {
    !text.as_bytes().get(at).copied().is_some_and(is_word)
}

/// `scheme://` and all that follows up to a blank, a quote or a bracket.
pub(super) fn url(text: &str) -> Option<usize> {
    let scheme = run(text, MAX_SCHEME, |it| it.is_ascii_alphanumeric() || b"+.-".contains(&it));
    let rest = text[scheme..].strip_prefix("://")?;
    if !text.starts_with(|it: char| it.is_ascii_alphabetic()) {
        return None;
    }
    let end = run(rest, usize::MAX, |it| !it.is_ascii_whitespace() && !b"\"'`<>(){}[]|\\^".contains(&it));
    let length = rest[..end].trim_end_matches(['.', ',', ':', ';', '!', '?']).len();
    (length > 0).then_some(scheme + 3 + length)
}

/// `local@domain.tld`.
pub(super) fn email(text: &str) -> Option<usize> {
    let local = run(text, MAX_LOCAL, |it| it.is_ascii_alphanumeric() || b"._%+-".contains(&it));
    let rest = text[local..].strip_prefix('@').filter(|_| local > 0)?;
    let end = run(rest, MAX_DOMAIN, |it| it.is_ascii_alphanumeric() || b".-".contains(&it));
    let domain = rest[..end].trim_end_matches(['.', '-']);
    let top = domain.rsplit_once('.')?.1;
    let known = top.len() > 1 && top.bytes().all(|it| it.is_ascii_alphabetic());
    known.then_some(local + 1 + domain.len())
}

/// A UUID with its dashes.
pub(super) fn uuid(text: &str) -> Option<usize> {
    let id = text.as_bytes().get(..36)?;
    let fits = |(at, byte): (usize, &u8)| match at {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    (id.iter().enumerate().all(fits) && ends_at(text, 36)).then_some(36)
}

/// IPv4 or IPv6, without its port. A path of names, such as `add::f32`, is no address: its first part has no digit.
pub(super) fn ip(text: &str) -> Option<usize> {
    let four = run(text, MAX_IP, |it| it.is_ascii_digit() || it == b'.');
    let four = text[..four].trim_end_matches('.').len();
    if ends_at(text, four) && text[..four].parse::<Ipv4Addr>().is_ok() {
        return Some(four);
    }
    let six = run(text, MAX_IP, |it| it.is_ascii_hexdigit() || b".:".contains(&it));
    let six = &text[..six];
    let six = six.strip_suffix("::").map_or_else(|| six.trim_end_matches(['.', ':']), |_| six);
    let first = six.split(':').find(|part| !part.is_empty()).unwrap_or_default();
    let likely = first.bytes().any(|it| it.is_ascii_digit());
    let fits = six.len() > 2 && likely && ends_at(text, six.len()) && six.parse::<Ipv6Addr>().is_ok();
    fits.then_some(six.len())
}

/// `0x…`, or a word of hexadecimal digits, of which one at least is a letter and one none.
pub(super) fn hex(text: &str) -> Option<usize> {
    let prefixed = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let digits = prefixed.unwrap_or(text);
    let length = run(digits, usize::MAX, |it| it.is_ascii_hexdigit());
    let end = text.len() - digits.len() + length;
    let mixed = || {
        let any = |of: fn(&u8) -> bool| digits.as_bytes()[..length].iter().any(of);
        length >= MIN_HEX && any(u8::is_ascii_digit) && any(u8::is_ascii_alphabetic)
    };
    let fits = length > 0 && ends_at(text, end) && (prefixed.is_some() || mixed());
    fits.then_some(end)
}

/// An integer, or what has a fraction, an exponent or a unit.
pub(super) fn number(text: &str) -> Option<(usize, &'static str)> {
    let is_digit = |byte: u8| byte.is_ascii_digit();
    let whole = grouped(text)?;
    let mut end = whole;
    // Versions have several dots.
    while end < MAX_NUMBER && text.as_bytes().get(end) == Some(&b'.') {
        match run(&text[end + 1..], usize::MAX, is_digit) {
            0 => break,
            digits => end += 1 + digits,
        }
    }
    let exponent =
        text[end..].strip_prefix(['e', 'E']).map(|rest| rest.strip_prefix(['+', '-']).unwrap_or(rest));
    if let Some(rest) = exponent {
        let digits = run(rest, usize::MAX, is_digit);
        end = if digits > 0 { text.len() - rest.len() + digits } else { end };
    }
    let unit = text[end..].find(|it: char| !it.is_alphabetic()).unwrap_or(text.len() - end);
    match &text[end..end + unit] {
        "" if ends_at(text, end) => Some((end, if end == whole { "<int>" } else { "<float>" })),
        "ns" | "us" | "µs" | "μs" | "ms" | "s" | "m" | "h" | "d" => Some((end + unit, "<duration>")),
        "B" | "b" | "kB" | "KB" | "MB" | "GB" | "TB" | "KiB" | "MiB" | "GiB" | "TiB" => {
            Some((end + unit, "<size>"))
        }
        _ => None,
    }
    .filter(|(end, _)| ends_at(text, *end))
}

/// Digits, in groups of three where commas stand between them.
fn grouped(text: &str) -> Option<usize> {
    let is_digit = |byte: u8| byte.is_ascii_digit();
    let mut end = run(text, usize::MAX, is_digit);
    if end == 0 {
        return None;
    }
    while end <= MAX_NUMBER && text[end..].starts_with(',') && run(&text[end + 1..], 4, is_digit) == 3 {
        end += 4;
    }
    Some(end)
}
