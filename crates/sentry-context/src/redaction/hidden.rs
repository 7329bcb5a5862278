//! Values that the process knows to be secrets.

use std::ops::Range;
use std::sync::{PoisonError, RwLock};

use regex::bytes::Regex;
use url::form_urlencoded;

use super::decoded::Decoded;
use super::userinfo;

/// Shorter secrets would match parts of ordinary words.
const SHORTEST: usize = 4;

/// The values, and one pattern that finds them all.
struct Hidden {
    values: Vec<String>,
    pattern: Option<Regex>,
}

static HIDDEN: RwLock<Hidden> = RwLock::new(Hidden { values: Vec::new(), pattern: None });

/// Filters a value from now on wherever it appears, encoded or not. Values of less than four characters are ignored.
pub fn hide(secret: &str) {
    let mut hidden = HIDDEN.write().unwrap_or_else(PoisonError::into_inner);
    // As it is, and with its blanks encoded as in a form.
    for form in [secret.to_owned(), secret.replace(' ', "+")] {
        if form.len() >= SHORTEST && !hidden.values.contains(&form) {
            hidden.values.push(form);
        }
    }
    // The longest first: if a secret contains a shorter one, the rest of it must not remain.
    hidden.values.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    let any: Vec<_> = hidden.values.iter().map(|secret| regex::escape(secret)).collect();
    hidden.pattern = (!any.is_empty()).then(|| Regex::new(&any.join("|")).ok()).flatten();
}

/// [`hide`]s the password of a connection URL, if it has one.
pub fn hide_password_of(url: &str) {
    let Some(password) = userinfo::password(url) else { return };
    hide(password);
    // In the form of a query string a plus is a blank; in a password it is a plus.
    let encoded = password.replace('+', "%2B");
    form_urlencoded::parse(encoded.as_bytes()).for_each(|(plain, _)| hide(&plain));
}

pub(super) fn find(text: &Decoded<'_>, spans: &mut Vec<Range<usize>>) {
    let hidden = HIDDEN.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(pattern) = &hidden.pattern {
        spans.extend(pattern.find_iter(&text.bytes).map(|found| found.range()));
    }
}
