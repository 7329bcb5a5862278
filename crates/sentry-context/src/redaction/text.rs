//! Secrets in free text: messages, errors, log lines.

use std::sync::{LazyLock, PoisonError, RwLock};

use regex::{Captures, Regex};
use url::form_urlencoded;

use super::{FILTERED, is_secret, names};

/// Shorter secrets would filter every other word.
const SHORTEST: usize = 4;

/// What may stand around a value.
const QUOTES: [char; 3] = ['\\', '"', '\''];

/// Values that the process knows to be secret, as they are and as they stand in a URL.
static HIDDEN: RwLock<Vec<String>> = RwLock::new(Vec::new());

/// `name=value`, `name: value`, `"name": "value"`, also with the escaped quotes of JSON within JSON. A value may have
/// quotes, or a scheme such as `Bearer` before it.
static PAIR: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?x)
        (?P<name>[A-Za-z0-9_.\-\[\]%]+)
        (?P<sep>\\*["']?\s*(?:=>|[=:])\s*)
        (?P<value> \\*"[^"]*" | '[^']*' | (?:(?i:bearer|basic|digest|token)\s+)?(?: \[Filtered\] | [^\s&,;"')}\]]+ ) )"#,
    )
    .ok()
});

/// What has no name before it; and cookies, whose pairs have any.
static FORM: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)(?P<keep>\bbearer\s+)[a-z0-9._~+/=-]+|(?P<cookie>\b(?:set-)?cookie\\*[\x22']?\s*[:=]\s*)[^\r\n]+").ok()
});

/// The user information of a URL with a password. A password may itself have characters that ought to be encoded: only
/// digits before the first slash are a port.
static USERINFO: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?P<before>[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#"'@:]*:)(?P<password>[^\s"']*)@"#).ok()
});

/// Has a value filtered from now on wherever it appears. Values of under four characters are not looked for.
pub fn hide(secret: &str) {
    let mut hidden = HIDDEN.write().unwrap_or_else(PoisonError::into_inner);
    let encoded: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    for form in [secret.to_owned(), encoded] {
        if form.len() >= SHORTEST && !hidden.contains(&form) {
            hidden.push(form);
        }
    }
    // A secret that contains another one goes first, or its rest would stay.
    hidden.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
}

/// [`hide`]s the password of a connection URL, where it has one.
pub fn hide_password_of(url: &str) {
    let password =
        USERINFO.as_ref().and_then(|regex| regex.captures(url)).map(|found| found["password"].to_owned());
    let Some(password) = password else { return };
    hide(&password);
    // In the form of a query string a plus is a blank; in a password it is a plus.
    let encoded = password.replace('+', "%2B");
    form_urlencoded::parse(encoded.as_bytes()).for_each(|(plain, _)| hide(&plain));
}

/// Filters secrets in a text.
pub fn text(text: &mut String) {
    replace_hidden(text);
    if text.contains("://") && text.contains('@') {
        replace(text, &USERINFO, |found| {
            let password = &found["password"];
            let port = password.split(['/', '?', '#']).next().unwrap_or_default();
            let is_port = port.len() < password.len() && port.bytes().all(|byte| byte.is_ascii_digit());
            (!is_port && !password.is_empty()).then(|| format!("{}{FILTERED}@", &found["before"]))
        });
    }
    if text.contains(['=', ':', ' ']) && names::may_name_a_secret(text) {
        replace(text, &FORM, |found| {
            let kept = found.name("keep").or(found.name("cookie")).map_or("", |kept| kept.as_str());
            Some(format!("{kept}{FILTERED}"))
        });
        pairs(text);
    }
}

fn replace_hidden(text: &mut String) {
    let hidden = HIDDEN.read().unwrap_or_else(PoisonError::into_inner);
    for secret in hidden.iter() {
        if text.contains(secret.as_str()) {
            *text = text.replace(secret.as_str(), FILTERED);
        }
    }
}

fn replace(text: &mut String, regex: &Option<Regex>, with: impl Fn(&Captures<'_>) -> Option<String>) {
    let Some(regex) = regex else { return };
    let replaced =
        regex.replace_all(text, |found: &Captures<'_>| with(found).unwrap_or_else(|| found[0].to_owned()));
    if replaced != *text {
        *text = replaced.into_owned();
    }
}

/// Goes on behind the separator of a harmless name: its value may hold a pair that is none.
fn pairs(text: &mut String) {
    let Some(regex) = &*PAIR else { return };
    let mut from = 0;
    while let Some(found) = regex.captures_at(text, from) {
        let (Some(sep), Some(value)) = (found.name("sep"), found.name("value")) else { return };
        from = sep.end();
        if is_secret(&found["name"]) && !value.as_str().trim_matches(QUOTES).is_empty() {
            let told = value.as_str();
            let (opening, closing) = (told.trim_start_matches(QUOTES), told.trim_end_matches(QUOTES));
            let (opening, closing) = (&told[..told.len() - opening.len()], &told[closing.len()..]);
            let (range, filtered) = (value.range(), format!("{opening}{FILTERED}{closing}"));
            from = range.start + filtered.len();
            text.replace_range(range, &filtered);
        }
    }
}

/// A DSN, or what was meant as one, without its keys.
pub fn dsn(text: &str) -> String {
    match (text.find("://"), text.rfind('@')) {
        (Some(scheme), Some(at)) if scheme + 3 <= at => {
            format!("{}{FILTERED}{}", &text[..scheme + 3], &text[at..])
        }
        (None, Some(at)) => format!("{FILTERED}{}", &text[at..]),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filtered(told: &str) -> String {
        let mut told = told.to_owned();
        text(&mut told);
        told
    }

    #[test]
    fn the_password_of_a_url_is_filtered_whatever_the_scheme() {
        assert_eq!(
            filtered("no route to mongodb://app:pw@db:27017/x?a=b"),
            "no route to mongodb://app:[Filtered]@db:27017/x?a=b"
        );
        assert_eq!(filtered("redis://:pw@cache"), "redis://:[Filtered]@cache");
        assert_eq!(filtered("amqp://u:p@ss/w0rd?#@mq, then"), "amqp://u:[Filtered]@mq, then");
        for harmless in
            ["http://host:8080/users/a@b.example", "https://host/a:b", "see mailto:a@b.example", "a://b@c"]
        {
            assert_eq!(filtered(harmless), harmless);
        }
    }

    #[test]
    fn a_value_behind_a_secrets_name_is_filtered_however_it_is_quoted() {
        for (told, expected) in [
            ("login failed: password=hunter2, user=a", "login failed: password=[Filtered], user=a"),
            (r#"{"api_key": "x y", "n": 1}"#, r#"{"api_key": "[Filtered]", "n": 1}"#),
            (r#"body {\"token\":\"x\"}"#, r#"body {\"token\":\"[Filtered]\"}"#),
            ("secret: 'a b' end", "secret: '[Filtered]' end"),
            ("https://h/?password=x&a=1", "https://h/?password=[Filtered]&a=1"),
            ("url=https://h/?a=b:cvv=1", "url=https://h/?a=b:cvv=[Filtered]"),
            ("Authorization: Bearer abc.def", "Authorization: [Filtered]"),
            ("got Bearer abc.def from it", "got Bearer [Filtered] from it"),
            ("Cookie: a=b; c=d", "Cookie: [Filtered]"),
            ("card_number => 4111", "card_number => [Filtered]"),
        ] {
            assert_eq!(filtered(told), expected);
            assert_eq!(filtered(expected), expected, "what is filtered stays as it is");
        }
    }

    #[test]
    fn prose_stays_as_it_is() {
        for told in [
            "invalid type: string \"gold\", expected u8 at line 1",
            "the stake `ten` is not a number",
            "",
            "a: b",
        ] {
            assert_eq!(filtered(told), told);
        }
    }

    #[test]
    fn a_hidden_value_is_filtered_wherever_it_stands() {
        hide("s3cr+t/of tests");
        assert_eq!(filtered("it was s3cr+t/of tests!"), "it was [Filtered]!");
        assert_eq!(filtered("/a/s3cr%2Bt%2Fof+tests/b"), "/a/[Filtered]/b");
        hide_password_of("mongodb://u:d%40tabase@host");
        assert_eq!(filtered("auth with d@tabase failed"), "auth with [Filtered] failed");
        hide("abc");
        assert_eq!(filtered("abc"), "abc");
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..Default::default() })]

        #[test]
        fn any_text_can_be_filtered(told in r#"([a-z "'\\:=@/?&é,;{}]|token|password=|://|Bearer |cookie:){0,12}"#) {
            filtered(&told);
        }
    }
}
