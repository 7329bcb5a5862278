//! Environment variables as typed settings, with errors that name the variable, the value and what is allowed.

use std::fmt::Display;
use std::str::FromStr;

use crate::printable::printable;
use crate::{redaction, size};

/// A variable whose value cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{name}={value} is not valid: {allowed}")]
pub struct EnvError {
    /// The variable.
    pub name: &'static str,
    /// Its value; `[hidden]` where it may hold a secret.
    pub value: String,
    /// What would have been accepted.
    pub allowed: String,
}

/// What stands in place of a value that may hold a secret.
const HIDDEN: &str = "[hidden]";

/// Bytes of a value that an error shows.
const SHOWN: usize = 200;

impl EnvError {
    /// An error that shows the value, as far as it is short, printable and no secret.
    pub fn new(name: &'static str, value: impl Display, allowed: impl Into<String>) -> Self {
        Self { name, value: shown(value), allowed: shown(allowed.into()) }
    }

    /// An error about a URL: scheme, host, port and path are shown, and nothing where they cannot be distinguished.
    pub fn url(name: &'static str, url: &str, allowed: impl Into<String>) -> Self {
        let value = redaction::address(url).map_or_else(|| HIDDEN.to_owned(), shown);
        Self { name, value, allowed: allowed.into() }
    }

    /// The same with what its reader says, unless that repeats what is not shown.
    pub fn refused_url(name: &'static str, url: &str, allowed: &str, reason: &str) -> Self {
        match redaction::about_address(url, reason) {
            Some(reason) => Self::url(name, url, format!("{allowed} ({})", shown(reason))),
            None => Self::url(name, url, allowed),
        }
    }

    /// An error about a variable that may hold a secret: the value is not shown.
    pub fn hidden(name: &'static str, allowed: impl Into<String>) -> Self {
        Self { name, value: HIDDEN.to_owned(), allowed: allowed.into() }
    }
}

fn shown(value: impl Display) -> String {
    let mut text = value.to_string();
    redaction::text(&mut text);
    printable(&mut text);
    size::cut(&mut text, SHOWN);
    text
}

/// The variable's text; unset and empty are the same, and so is anything but UTF-8 an error.
pub fn text(name: &'static str) -> Result<Option<String>, EnvError> {
    match std::env::var(name) {
        Ok(value) if value.is_empty() => Ok(None),
        Ok(value) => Ok(Some(value)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(EnvError::hidden(name, "text in UTF-8")),
    }
}

/// The variable parsed, or `default` where it is unset or empty. `allowed` says what parses and passes `accept`.
pub fn parsed<T: FromStr>(
    name: &'static str,
    default: T,
    allowed: &str,
    accept: impl Fn(&T) -> bool,
) -> Result<T, EnvError> {
    let Some(value) = text(name)? else { return Ok(default) };
    match value.parse() {
        Ok(parsed) if accept(&parsed) => Ok(parsed),
        _ => Err(EnvError::new(name, value, allowed)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_line_of_bounded_length() {
        let error = EnvError::new("APP_VERSION", format!("1\n2\u{1b}[0m{}", "x".repeat(5_000)), "less");
        let text = error.to_string();
        assert!(
            text.starts_with("APP_VERSION=1\\n2\\u001b[0mxxx")
                && text.ends_with(" bytes) is not valid: less"),
            "{text}"
        );
        assert!(text.chars().count() < 300 && !text.contains(char::is_control));
    }
}
