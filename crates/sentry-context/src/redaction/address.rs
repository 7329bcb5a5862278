//! The parts of a URL that an error message may show.

use url::Url;

/// Scheme, host, port and path of a URL; `None` if they cannot be told apart safely. An `@` after the host may belong to
/// a password that should have been encoded, and then everything before it belongs to the password, too.
pub fn address(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let (_, rest) = text.split_once("://")?;
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    if rest[authority.len()..].contains('@') || authority.matches('@').count() > 1 {
        return None;
    }
    let host = url.host_str().filter(|host| !host.is_empty())?;
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let mut address = format!("{}://{host}{port}{}", url.scheme(), url.path());
    super::text(&mut address);
    Some(address)
}

/// A driver's message about a URL, if it repeats no other part of the URL than [`address`] shows.
pub fn about_address<'r>(url: &str, reason: &'r str) -> Option<&'r str> {
    let shown = address(url)?;
    let is_part = |part: &&str| part.chars().any(char::is_alphanumeric) && !shown.contains(part);
    let separators =
        |character: char| !character.is_alphanumeric() && !matches!(character, '-' | '_' | '.' | '%');
    let parts = url.split(separators).filter(is_part);
    let lower = reason.to_lowercase();
    let repeats = |part: &str| {
        let plain = percent_decoded(part);
        [part, plain.as_str()].iter().any(|part| lower.contains(&part.to_lowercase()))
    };
    (!parts.into_iter().any(repeats)).then_some(reason)
}

fn percent_decoded(part: &str) -> String {
    super::decoded::Decoded::of(part)
        .map_or_else(|| part.to_owned(), |decoded| String::from_utf8_lossy(&decoded.bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_scheme_host_port_and_path_of_a_url_are_shown() {
        for (url, shown) in [
            ("mongodb://u:PW@db:27017/admin?tlsCertificateKeyFilePassword=PW#PW", "mongodb://db:27017/admin"),
            ("https://PW@sentry.example/1", "https://sentry.example/1"),
            ("htp://u:PW@h", "htp://h"),
            ("http://h:8000/a/b", "http://h:8000/a/b"),
        ] {
            assert_eq!(address(url).as_deref(), Some(shown), "{url}");
        }
        for url in [
            "u:PW@h",
            "PW",
            "//u:PW@h",
            "amqp://u:P/W@h",
            "amqp://u:1/PW@h",
            "amqp://u:1?PW@h",
            "amqp://u:P@W@h",
            "x://",
            "mongodb://a:1,b:PW",
        ] {
            assert_eq!(address(url), None, "{url}");
        }
    }

    #[test]
    fn a_reason_that_repeats_a_hidden_part_is_not_given() {
        let url = "mongodb://user:p%40ss@host:1/path?option=Value";
        for reported in ["no p%40ss", "no p@ss here", "bad user", "bad value for it", "option is unknown"] {
            assert_eq!(about_address(url, reported), None, "{reported}");
        }
        assert_eq!(about_address(url, "no answer of host"), Some("no answer of host"));
        assert_eq!(about_address("u:PW@h", "no scheme"), None);
    }
}
