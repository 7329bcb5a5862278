//! Names that speak of a secret.

use std::sync::LazyLock;

use regex::Regex;

/// Anywhere in a name, which is compared without case and separators: `X-Api-Key`, `cardNumber`, `user.passwordHash`.
const PARTS: [&str; 19] = [
    "accesskey",
    "apikey",
    "authorization",
    "card",
    "cookie",
    "credential",
    "csrf",
    "cvc",
    "cvv",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "pwd",
    "secret",
    "sessionid",
    "signingkey",
    "token",
    "xsrf",
];

/// Too short to be looked for anywhere.
const WHOLE: [&str; 6] = ["auth", "jwt", "pass", "pin", "pw", "xauth"];

/// One of these is in every such name: most texts have none, and need no closer look.
static STEMS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        "(?i-u)auth|bearer|card|cookie|credential|csrf|cvc|cvv|jwt|key|pass|pin|pw|secret|session|token|xsrf",
    )
    .ok()
});

/// Words that only contain such a part.
const HARMLESS: [&str; 3] = ["cardinal", "discard", "wildcard"];

/// Does the name of a header, field or parameter speak of a secret?
pub fn is_secret(name: &str) -> bool {
    may_name_a_secret(name) && is_known(name)
}

fn is_known(name: &str) -> bool {
    let plain: String = name.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    let plain = HARMLESS.iter().fold(plain, |plain, harmless| plain.replace(harmless, ""));
    WHOLE.contains(&plain.as_str()) || PARTS.iter().any(|part| plain.contains(part))
}

/// Is it worth looking for secrets in this text?
pub(super) fn may_name_a_secret(text: &str) -> bool {
    STEMS.as_ref().is_none_or(|stems| stems.is_match(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_known_by_its_name_however_it_is_written() {
        for name in [
            "password",
            "Passwd",
            "PWD",
            "pass",
            "user_password",
            "passwordHash",
            "client-secret",
            "access_token",
            "X-Auth-Token",
            "api_key",
            "apiKey",
            "X-API-KEY",
            "Authorization",
            "Proxy-Authorization",
            "Set-Cookie",
            "card",
            "card_number",
            "cardNumber",
            "credit-card",
            "cvv",
            "CVC2",
            "csrftoken",
            "private_key",
            "DEBUG_TOKEN",
            "aws.accessKey",
            "credentials",
            "jwt",
            "X-Auth",
            "session_id",
        ] {
            assert!(is_secret(name), "{name}");
        }
    }

    #[test]
    fn every_secrets_name_is_worth_a_look() {
        for part in PARTS.iter().chain(&WHOLE) {
            assert!(may_name_a_secret(part) && is_known(part), "{part}");
        }
        assert!(!may_name_a_secret("GET /debug/crash"));
    }

    #[test]
    fn what_is_none_is_left_alone() {
        for name in
            ["user_id", "author", "cardinality", "discarded", "pinned", "compass", "sentry-trace", "key", ""]
        {
            assert!(!is_secret(name), "{name}");
        }
    }
}
