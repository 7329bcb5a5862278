//! Sentry's members of the [baggage](https://www.w3.org/TR/baggage/) header: the dynamic sampling context as it
//! travels between services.
//!
//! Several headers are one list. White space around `=` and `,` is legal; properties after `;` describe a member and
//! are not part of its value; values are percent-encoded. Members of other vendors are skipped: each vendor propagates
//! its own.

use std::fmt;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use sentry::protocol::{Map, Value};

/// The prefix of the names of Sentry's members.
const PREFIX: &str = "sentry-";

/// The longest list that is read or written, in bytes, and its most members: what W3C asks a platform to propagate.
/// Whole members beyond are left out.
pub(super) const LIMIT: usize = 8_192;
/// See [`LIMIT`].
pub(super) const MOST_MEMBERS: usize = 64;

/// The bytes of a usual list of a trace that begins here.
const USUAL: usize = 256;

/// What has to be encoded in a value. A percent sign does not: it begins what is encoded already.
const ILLEGAL: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b',').add(b';').add(b'\\');

/// The same for a value that is not encoded yet.
const PLAIN: &AsciiSet = &ILLEGAL.add(b'%');

/// Sentry's members in their order. `Display` writes them as they came, in one list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Baggage {
    /// Names without their prefix, and values as they are written.
    members: Vec<(String, String)>,
}

impl Baggage {
    /// Reads any number of headers, and leaves out what is not a member.
    pub(crate) fn parse<'h>(headers: impl IntoIterator<Item = &'h [u8]>) -> Self {
        let mut baggage = Self::default();
        let mut room = LIMIT;
        for member in headers.into_iter().flat_map(|header| header.split(|byte| *byte == b',')) {
            let Some((name, value)) = member_of(member) else { continue };
            let length = PREFIX.len() + name.len() + value.len() + "=,".len();
            if length > room {
                break;
            }
            room -= length;
            if !baggage.add(name, value) {
                break;
            }
        }
        baggage
    }

    /// Reads one header.
    pub(crate) fn of(header: &str) -> Self {
        Self::parse([header.as_bytes()])
    }

    /// The plain value of a member.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        let (_, value) = self.members.iter().find(|(known, _)| known == name)?;
        Some(decoded(value))
    }

    /// The members as the `trace` header of an envelope has them: names without prefix, plain values.
    pub(crate) fn to_json(&self) -> Map<String, Value> {
        self.members.iter().map(|(name, value)| (name.clone(), decoded(value).into())).collect()
    }

    /// The later of two members with one name counts. Returns false if there is no room for another name.
    fn add(&mut self, name: &str, value: String) -> bool {
        if let Some((_, known)) = self.members.iter_mut().find(|(known, _)| known == name) {
            *known = value;
        } else if self.members.len() == MOST_MEMBERS {
            return false;
        } else {
            self.members.push((name.to_owned(), value));
        }
        true
    }
}

impl fmt::Display for Baggage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, value)) in self.members.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{PREFIX}{name}={value}")?;
        }
        Ok(())
    }
}

/// Writes a list from names without prefix and plain values, which are valid; leaves out empty ones, and what exceeds the
/// list's bound.
pub(crate) fn written<'m>(members: impl IntoIterator<Item = (&'m str, &'m str)>) -> String {
    let mut list = String::with_capacity(USUAL);
    for (name, value) in members.into_iter().filter(|(_, value)| !value.is_empty()) {
        let before = list.len();
        list.extend([if list.is_empty() { "" } else { "," }, PREFIX, name, "="]);
        list.extend(utf8_percent_encode(value, PLAIN));
        if list.len() > LIMIT {
            list.truncate(before);
        }
    }
    list
}

/// The name without its prefix, and the value as it is written, of a valid member of Sentry's.
fn member_of(member: &[u8]) -> Option<(&str, String)> {
    let member = std::str::from_utf8(member).ok()?;
    let (name, value) = member.split(';').next()?.split_once('=')?;
    let name = name.trim_matches(is_blank).strip_prefix(PREFIX).filter(|name| is_token(name))?;
    let value = utf8_percent_encode(value.trim_matches(is_blank), ILLEGAL).to_string();
    is_valid(name, &value).then_some((name, value))
}

fn is_blank(c: char) -> bool {
    c == ' ' || c == '\t'
}

/// Is it a token of HTTP?
fn is_token(name: &str) -> bool {
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(is_legal)
}

/// A server refuses the whole context for one invalid number, such as a sample rate of 1e400.
fn is_valid(name: &str, value: &str) -> bool {
    let number = || decoded(value).parse::<f64>().ok();
    match name {
        "sample_rate" => number().is_some_and(|rate| (0.0..=1.0).contains(&rate)),
        "sample_rand" => number().is_some_and(|rand| (0.0..1.0).contains(&rand)),
        "sampled" => matches!(value, "true" | "false"),
        _ => true,
    }
}

fn decoded(value: &str) -> String {
    percent_decode_str(value).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    #[test]
    fn blanks_properties_and_other_vendors_are_not_part_of_a_value() {
        let baggage = Baggage::parse([
            format!("other=x;sentry-a=b , sentry-trace_id = {TRACE} ;p=1").as_bytes(),
            b"\tsentry-release\t=\tfront%401+2;p;q=\"x\" ,sentry-replay_id=1,sentry-empty=",
        ]);
        assert_eq!(
            baggage.to_string(),
            format!("sentry-trace_id={TRACE},sentry-release=front%401+2,sentry-replay_id=1,sentry-empty=")
        );
        assert_eq!(baggage.get("release").as_deref(), Some("front@1+2"));
        assert_eq!(baggage.get("empty").as_deref(), Some(""));
        assert_eq!(baggage.get("other"), None);
    }

    #[test]
    fn what_is_no_member_is_left_out() {
        for header in
            ["", ",,", "%%%", "sentry-", "sentry-=x", "sentry-a", "sentry-a b=x", "Sentry-a=x", "=sentry-a=x"]
        {
            assert_eq!(Baggage::of(header), Baggage::default(), "{header}");
        }
        let mixed = Baggage::parse([&b"sentry-a=\xff,sentry-b=2"[..]]);
        assert_eq!(mixed.to_string(), "sentry-b=2");
    }

    #[test]
    fn a_number_that_is_none_is_left_out() {
        for wrong in [
            "sample_rate=1e400",
            "sample_rate=often",
            "sample_rate=-1",
            "sample_rate=1.1",
            "sample_rate=nan",
            "sample_rate=",
            "sample_rand=1",
            "sample_rand=inf",
            "sampled=yes",
        ] {
            assert_eq!(Baggage::of(&format!("sentry-{wrong}")), Baggage::default(), "{wrong}");
        }
        let right = "sentry-sample_rate=1e-3,sentry-sample_rand=0.5,sentry-sampled=true";
        assert_eq!(Baggage::of(right).to_string(), right);
    }

    #[test]
    fn the_later_of_two_members_of_one_name_counts() {
        assert_eq!(Baggage::of("sentry-a=1,sentry-b=2,sentry-a=3").to_string(), "sentry-a=3,sentry-b=2");
    }

    #[test]
    fn a_list_has_at_most_8192_bytes_and_64_members() {
        let long: Vec<_> = (0..60).map(|number| format!("sentry-m{number}={}", "x".repeat(200))).collect();
        let written = Baggage::of(&long.join(",")).to_string();
        assert!(written.len() <= LIMIT && written.len() > LIMIT - 250, "{}", written.len());
        assert!(long.join(",").starts_with(&written), "whole members in their order");
        let many: Vec<_> = (0..100).map(|number| format!("sentry-m{number}=x")).collect();
        assert_eq!(Baggage::of(&many.join(",")).to_json().len(), MOST_MEMBERS);
        assert_eq!(Baggage::of(&format!("sentry-a={}", "x".repeat(130_000))), Baggage::default());
    }

    #[test]
    fn plain_values_are_encoded_and_empty_ones_left_out() {
        let list = written([("release", "a b,c;d=é%\"\\"), ("environment", ""), ("sampled", "true")]);
        let baggage = Baggage::of(&list);
        assert_eq!(baggage.to_string(), list);
        assert_eq!(list, "sentry-release=a%20b%2Cc%3Bd=%C3%A9%25%22%5C,sentry-sampled=true");
        assert_eq!(baggage.get("release").as_deref(), Some("a b,c;d=é%\"\\"));
        let long = "x".repeat(LIMIT);
        assert_eq!(written([("release", long.as_str()), ("sampled", "true")]), "sentry-sampled=true");
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..Default::default() })]

        #[test]
        fn fuzz_any_bytes_are_read_and_written_the_same(
            headers in proptest::collection::vec(proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300), 0..4)
        ) {
            check(&headers);
        }

        #[test]
        fn fuzz_a_list_that_is_nearly_right_is_read_and_written_the_same(
            header in r#"(sentry-|sample_rate|[a-z]{1,3}|=|,|;|%[0-9a-f]{0,2}|[ \t"\\é]|1e400){0,60}"#
        ) {
            check(&[header.into_bytes()]);
        }

        #[test]
        fn fuzz_plain_values_come_back(value in ".{1,40}") {
            let baggage = Baggage::of(&written([("release", value.as_str())]));
            proptest::prop_assert_eq!(baggage.get("release"), Some(value));
        }
    }

    fn check(headers: &[Vec<u8>]) {
        let read = Baggage::parse(headers.iter().map(Vec::as_slice));
        let written = read.to_string();
        assert!(written.len() <= LIMIT && written.is_ascii(), "{written}");
        assert_eq!(Baggage::of(&written), read, "{written}");
        assert_eq!(read.to_json().len(), read.members.len());
    }
}
