//! What differs from one message of a fault to the next: numbers, ids, times, addresses. As Sentry does before it
//! groups, each is replaced by its kind: `order 17 failed` and `order 18 failed` are both `order <int> failed`.
//!
//! One pass: at each beginning of a word a few recognisers look ahead, each as far as its longest form at most.

mod dates;
mod forms;

use forms::is_word;

/// The text with its parameters replaced.
pub(crate) fn replaced(text: &str) -> String {
    let mut replaced = String::with_capacity(text.len());
    let (mut at, mut before) = (0, None);
    while at < text.len() {
        let rest = &text[at..];
        let found = if before.is_some_and(is_word) { None } else { recognise(rest, before) };
        let length = match found {
            Some((length, kind)) => {
                replaced.push_str(kind);
                length
            }
            None => {
                let length = plain(rest);
                replaced.push_str(&rest[..length]);
                length
            }
        };
        before = text.as_bytes()[..at + length].last().copied();
        at += length;
    }
    replaced
}

/// The length of the form with which a text begins.
type Form = fn(&str) -> Option<usize>;

/// The parameter with which the text begins: its length, and what it is replaced by.
fn recognise(text: &str, before: Option<u8>) -> Option<(usize, &'static str)> {
    let first = *text.as_bytes().first()?;
    let forms: &[(Form, &'static str)] = &[
        (forms::url, "<url>"),
        (forms::email, "<email>"),
        (forms::uuid, "<uuid>"),
        (dates::date, "<date>"),
        (forms::ip, "<ip>"),
        (forms::hex, "<hex>"),
    ];
    let found = || forms.iter().find_map(|(form, kind)| form(text).map(|length| (length, *kind)));
    if is_word(first) || text.starts_with("::") {
        return found().or_else(|| forms::number(text));
    }
    // "-1" is a number, the dash in "order-1" is none.
    let signed = matches!(first, b'-' | b'+') && before.is_none_or(|it| b" \t\n=(:[{,".contains(&it));
    let (length, kind) = signed.then(|| forms::number(&text[1..])).flatten()?;
    Some((length + 1, kind))
}

/// The length of a word, or of what stands between words: one character.
fn plain(text: &str) -> usize {
    let word = text.bytes().take_while(|byte| is_word(*byte)).count();
    word.max(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_differs_is_replaced_by_its_kind() {
        for (text, expected) in [
            ("order 17 failed", "order <int> failed"),
            ("order -17 failed", "order <int> failed"),
            ("order-17 failed (#3)", "order-<int> failed (#<int>)"),
            ("a=1,b=2.5;c=1e-9", "a=<int>,b=<float>;c=<float>"),
            ("1,234,567 of 10", "<int> of <int>"),
            ("[1,23]", "[<int>,<int>]"),
            ("took 1.5s, then 20 ms and 3µs", "took <duration>, then <int> ms and <duration>"),
            ("it grew by 12MB", "it grew by <size>"),
            ("99.5% of 100%", "<float>% of <int>%"),
            ("at 0xDEADbeef in 9f86d081884c7d65", "at <hex> in <hex>"),
            ("id 0191f5c8-3b7e-7cc3-98c5-dc0c0c07398f!", "id <uuid>!"),
            ("id 0191F5C83B7E7CC398C5DC0C0C07398F!", "id <hex>!"),
            ("{a8098c1a-f86e-11da-bd1a-00112444be1e}", "{<uuid>}"),
            ("from 10.0.0.7:8080 to [2001:db8::1]:443", "from <ip>:<int> to [<ip>]:<int>"),
            ("on ::1 and fe80::1", "on <ip> and <ip>"),
            ("at 2026-11-26T10:00:00.123Z", "at <date>"),
            ("at 2026-11-26 10:00:00,123 +0100 it", "at <date> it"),
            ("at 2026-11-26", "at <date>"),
            ("at 26.11.2026 and 11/26/2026 and 2026/11/26", "at <date> and <date> and <date>"),
            ("at 10:00:00.5 or 10:00", "at <date> or <date>"),
            ("Thu, 26 Nov 2026 10:00:00 GMT", "<date>"),
            ("Thu Nov 26 10:00:00 2026", "<date>"),
            ("on Nov 26, 2026", "on <date>"),
            ("on 26 November 2026", "on <date>"),
            ("mail to ann.b+x@example.co.uk failed", "mail to <email> failed"),
            ("GET https://example.com/a/1?b=2#c: 404", "GET <url>: <int>"),
            ("\"postgres://ann:pw@db:5432/shop\"", "\"<url>\""),
            ("see http://a.b/c.", "see <url>."),
            ("/orders/17/items/0191f5c8-3b7e-7cc3-98c5-dc0c0c07398f", "/orders/<int>/items/<uuid>"),
            ("größe 5", "größe <int>"),
        ] {
            assert_eq!(replaced(text), expected, "{text}");
        }
    }

    #[test]
    fn words_stay() {
        for text in [
            "",
            "it broke",
            "utf8 and x86_64 and user42 and v2",
            "std::fmt::Display and add::f32 and a::b",
            "facade, deadbeef, accede",
            "Mon, May and the March of time",
            "a@b and @name and a @ b",
            "x://",
            "größe5 ä1",
            "100ths",
            "--flag and a - b",
        ] {
            assert_eq!(replaced(text), text);
        }
    }

    proptest! {
        #[test]
        fn fuzz_any_text_is_read_once_and_grows_little(text in ".{0,300}") {
            let once = replaced(&text);
            prop_assert!(once.len() <= 4 * text.len() + 10, "{once}");
        }

        #[test]
        fn fuzz_texts_of_near_forms_are_read(parts in proptest::collection::vec(
            prop::sample::select(vec![
                "0x", "1", "-", ".", ":", "::", "@", "a@b.c", "://", "http", "2026", "Nov", "Thu", ", ", "T", "Z",
                "+01:00", "ff", "ä", " ", "10:00", "e5", "1,000", "ms", "0191f5c8-3b7e-7cc3-98c5-dc0c0c07398f",
            ]), 0..40)) {
            let text = parts.concat();
            prop_assert!(replaced(&text).len() <= 4 * text.len() + 10);
        }

        #[test]
        fn fuzz_messages_that_differ_in_a_number_are_one(before in "[a-z ]{0,20} ", one in 0..u64::MAX, other in 0..u64::MAX) {
            prop_assert_eq!(
                replaced(&format!("{before}{one} failed")), replaced(&format!("{before}{other} failed"))
            );
        }
    }
}
