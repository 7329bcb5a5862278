//! Names of secrets.
//!
//! A name is split into words: `X-Auth-Key`, `x_auth_key` and `xAuthKey` are `x`, `auth` and `key`. The deny lists of
//! Sentry's SDKs contain words, too. A part of a word counts only if no harmless word contains that part.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;

/// Every name of a secret contains one of these. Most names contain none and need no further look.
static STEMS: Pattern = LazyLock::new(|| {
    Regex::new(
        "(?i-u)account|assert|auth|bearer|card|cc|code|cookie|cred|csc|csrf|cv[cnv]|factor|hmac|iban|jwt|key|mfa\
         |otp|pan|pass|pem|pin|pw|saml|secret|sess|sid|sig|social|ss[no]|token|xsrf",
    )
    .ok()
});

/// Parts of words that mean a secret.
static PARTS: Pattern = LazyLock::new(|| {
    Regex::new(
        "accesskey|accountkey|apikey|authenticat|authkey|authori[sz]|bearer|card|cookie|credential|csrf|cvc|cvv|jwt\
         |passcode|passkey|passphrase|passport|passw|privatekey|pwd|secret|sessid|sessionid|signature|signingkey\
         |token|xsrf",
    )
    .ok()
});

/// Words that mean a secret.
static WORDS: Pattern = LazyLock::new(|| {
    Regex::new(
        "^(?:assertion|o?auth|auth[nz]|csc|cvn|hmac|iban|mfa|t?otp|pass|passwd|pem|pin|pincode|pw|saml|sess|sig|ssn\
         |sso|xauth)$",
    )
    .ok()
});

/// Harmless words that contain such a part.
static HARMLESS: Pattern = LazyLock::new(|| {
    Regex::new("card(?:board|inal|io)|(?:dis|flash|post|score|wild)card|tokeniz|secretar").ok()
});

/// What may follow `key`, `session` or `sid` in the name of a secret: `session_id`, but not `key_count` or
/// `session_duration`.
static TAILS: Pattern = LazyLock::new(|| {
    Regex::new("^(?:cookie|data|hash|id|material|secret|state|string|text|ticket|value)$").ok()
});

/// Kinds of keys that give access to nothing, and that readers need to see.
static KEYS: Pattern = LazyLock::new(|| {
    Regex::new(
        "^(?:cache|correlation|dedup|distribution|dup|duplicate|foreign|group|grouping|hash|idempotency|index|natural\
         |object|partition|primary|public|routing|shard|socket|sort|unique|websocket)$",
    )
    .ok()
});

/// Words that end in `key` or `session` by chance.
static ENDINGS: Pattern =
    LazyLock::new(|| Regex::new("(?:don|hot|hoc|joc|lac|mon|tur|whis)key$|(?:ob|pos)session$").ok());

/// Together with one of these, a `code` is a secret: `mfa_code` and `reset_code`, but not `error_code` or `country_code`.
static CODED: Pattern = LazyLock::new(|| {
    Regex::new(
        "^(?:access|activation|backup|card|confirmation|device|factor|grant|invite|login|recovery|reset|security|sms\
         |time|verification)$",
    )
    .ok()
});

/// Pairs of words that mean a secret, although neither does alone.
const PAIRS: [[&str; 2]; 8] = [
    ["account", "no"],
    ["account", "number"],
    ["bank", "account"],
    ["cc", "number"],
    ["cc", "num"],
    ["pass", "word"],
    ["social", "security"],
    ["two", "factor"],
];

/// Names are examined up to this length, in bytes; of a longer name, both ends are.
const LONGEST: usize = 256;

/// How many names a thread remembers, and how long they are. Clients make names up: a full memory is cleared.
const REMEMBERED: usize = 1_024;
const LONGEST_REMEMBERED: usize = 64;

/// Searches in linear time, as all regexes of this crate do.
type Pattern = LazyLock<Option<Regex>>;

/// A pattern that does not compile counts as found.
fn has(pattern: &Pattern, text: &str) -> bool {
    pattern.as_ref().is_none_or(|pattern| pattern.is_match(text))
}

/// What a name says about its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Grade {
    /// Nothing.
    Harmless,
    /// A secret if a client sent it: `code`, `session` or `key` alone, which mean other things in our own data.
    Sent,
    /// A secret as the name of a field; in prose (`invalid signature: …`) an ordinary word.
    Field,
    /// A secret everywhere.
    Secret,
}

/// Is this the name of a secret in our own fields, tags and parameters?
pub fn is_secret(name: &str) -> bool {
    grade(name) >= Grade::Field
}

/// Is this the name of a secret in the headers, parameters and bodies that clients send?
pub fn is_secret_of_client(name: &str) -> bool {
    grade(name) >= Grade::Sent
}

/// The grade of a name. The names of fields are the same in nearly all events, so grades are remembered.
pub(super) fn grade(name: &str) -> Grade {
    thread_local! {
        static GRADES: RefCell<HashMap<String, Grade>> = RefCell::default();
    }
    // A thread that ends has none, and a panic in here comes here again.
    let known = GRADES.try_with(|grades| remembered(&mut *grades.try_borrow_mut().ok()?, name));
    known.ok().flatten().unwrap_or_else(|| examine(name))
}

/// `None` for a name that is too long to be remembered.
fn remembered(grades: &mut HashMap<String, Grade>, name: &str) -> Option<Grade> {
    if name.len() > LONGEST_REMEMBERED {
        return None;
    }
    if let Some(grade) = grades.get(name) {
        return Some(*grade);
    }
    if grades.len() == REMEMBERED {
        grades.clear();
    }
    let grade = examine(name);
    grades.insert(name.to_owned(), grade);
    Some(grade)
}

/// Examines both ends of a name that is too long.
fn examine(name: &str) -> Grade {
    if name.len() <= LONGEST {
        return judge(name);
    }
    let (head, tail) = (name.floor_char_boundary(LONGEST), name.ceil_char_boundary(name.len() - LONGEST));
    judge(&name[..head]).max(judge(&name[tail..]))
}

fn judge(name: &str) -> Grade {
    if !has(&STEMS, name) {
        return Grade::Harmless;
    }
    let words = words(name);
    if let [only] = words.as_slice()
        && matches!(only.as_str(), "code" | "key" | "session" | "pan" | "assertion" | "sid")
    {
        return Grade::Sent;
    }
    let pair = words.windows(2).any(|two| PAIRS.iter().any(|pair| pair == two));
    let code = words.iter().any(|word| word == "code" || word == "codes")
        && words.iter().any(|word| has(&CODED, word));
    if pair || code {
        return Grade::Secret;
    }
    (0..words.len()).map(|at| word(&words, at)).max().unwrap_or(Grade::Harmless)
}

/// What one word says about the whole name.
fn word(words: &[String], at: usize) -> Grade {
    let word = words[at].as_str();
    if !has(&STEMS, word) {
        return Grade::Harmless;
    }
    let rest = HARMLESS.as_ref().map_or(Cow::Borrowed(word), |harmless| harmless.replace_all(word, " "));
    if has(&PARTS, &rest) {
        return if rest == "signature" { Grade::Field } else { Grade::Secret };
    }
    if has(&WORDS, word) {
        let prose = ["assertion", "auth", "pass", "sig", "sso"].contains(&word);
        return if prose { Grade::Field } else { Grade::Secret };
    }
    let before = at.checked_sub(1).map_or("", |before| words[before].as_str());
    let ends = words[at + 1..].iter().all(|tail| has(&TAILS, tail));
    let secret = match word {
        "key" | "keys" => ends && at > 0 && !has(&KEYS, before),
        "session" => ends && !["active", "current"].contains(&before),
        "sid" => ends,
        _ => is_compound(word),
    };
    if secret { Grade::Field } else { Grade::Harmless }
}

/// `subscriptionkey`, `basicauth`, `usersession`.
fn is_compound(word: &str) -> bool {
    match word.strip_suffix("key") {
        Some(first) => !has(&KEYS, first) && !has(&ENDINGS, word),
        None => word.ends_with("auth") || (word.ends_with("session") && !has(&ENDINGS, word)),
    }
}

/// The words of a name in lower case, without digits.
fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut characters = name.chars().peekable();
    let mut before = ' ';
    while let Some(character) = characters.next() {
        let follows = characters.peek().copied().unwrap_or(' ');
        let hump = character.is_uppercase()
            && (before.is_lowercase() || (before.is_uppercase() && follows.is_lowercase()));
        if (hump || !character.is_alphabetic()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if character.is_alphabetic() {
            word.extend(character.to_lowercase());
        }
        before = character;
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests;
