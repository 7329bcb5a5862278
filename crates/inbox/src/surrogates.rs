//! Halves of characters in JSON: a client that cuts a text in UTF-16 sends `"\\ud83d"`, which is no character. JSON
//! allows it, Rust's strings do not.

use std::borrow::Cow;

/// Length of `\ud83d`.
const ESCAPE: usize = 6;

/// What stands for a character that is not known: U+FFFD.
const REPLACEMENT: &[u8] = b"fffd";

/// The JSON text with the replacement character in the place of each half.
pub(crate) fn paired(json: &[u8]) -> Cow<'_, [u8]> {
    let mut text = Cow::Borrowed(json);
    let mut at = 0;
    while let Some(found) = json.get(at..).and_then(|rest| rest.iter().position(|byte| *byte == b'\\')) {
        at += found;
        let unit = unit(json, at);
        at += match unit {
            Some(0xd800..0xdc00) if matches!(self::unit(json, at + ESCAPE), Some(0xdc00..0xe000)) => {
                2 * ESCAPE
            }
            Some(0xd800..0xe000) => {
                text.to_mut()[at + 2..at + ESCAPE].copy_from_slice(REPLACEMENT);
                ESCAPE
            }
            // The character after the backslash may be another one.
            _ => 2,
        };
    }
    text
}

/// The UTF-16 code unit whose escape begins there.
fn unit(json: &[u8], at: usize) -> Option<u16> {
    let digits = json.get(at..at + ESCAPE)?.strip_prefix(b"\\u")?;
    let digits =
        std::str::from_utf8(digits).ok().filter(|it| it.bytes().all(|byte| byte.is_ascii_hexdigit()));
    u16::from_str_radix(digits?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_replaced_and_whole_characters_stay() {
        let cases = [
            (r#""\ud83d""#, r#""\ufffd""#),
            (r#""\uD83D\uDE00""#, r#""\uD83D\uDE00""#),
            (r#""\ude00\ud83d""#, r#""\ufffd\ufffd""#),
            (r#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (r#""\ud83dx\u0041""#, r#""\ufffdx\u0041""#),
            (r#""\\ud83d""#, r#""\\ud83d""#),
            (r#""\\\ud83d""#, r#""\\\ufffd""#),
            (r#""\ud8"#, r#""\ud8"#),
            (r#""\u+123""#, r#""\u+123""#),
            ("", ""),
        ];
        for (json, expected) in cases {
            assert_eq!(String::from_utf8_lossy(&paired(json.as_bytes())), expected, "{json}");
        }
        assert!(matches!(paired(br#""\ud83d\ude00""#), Cow::Borrowed(_)));
    }
}
