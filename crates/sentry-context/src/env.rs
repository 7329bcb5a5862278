//! Environment variables as typed settings, with errors that name the variable, the value and what is allowed. Each
//! variable is declared once, as a [`Variable`].

use std::fmt::Display;
use std::str::FromStr;

pub use variable::{Allowed, Invalid, Shown, Variable};

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
    /// An error that shows as much of the value as the variable allows, short and printable. Of a URL it shows scheme,
    /// host, port and path, or nothing if they cannot be told apart.
    pub fn new(variable: &Variable, value: impl Display) -> Self {
        let value = match variable.shown {
            Shown::Whole => Some(shown(value)),
            Shown::Address => redaction::address(&value.to_string()).map(shown),
            Shown::Nothing => None,
        };
        let value = value.unwrap_or_else(|| HIDDEN.to_owned());
        Self { name: variable.name, value, allowed: variable.allowed.to_string() }
    }

    /// The same about a URL, with the reason of its reader unless the reason repeats what is not shown.
    pub fn refused_url(variable: &Variable, url: &str, reason: &str) -> Self {
        let error = Self::new(variable, url);
        match redaction::about_address(url, reason) {
            Some(reason) => error.because(shown(reason)),
            None => error,
        }
    }

    /// The same error with a reason.
    pub fn because(mut self, reason: impl Display) -> Self {
        self.allowed = format!("{} ({})", self.allowed, shown(reason));
        self
    }
}

fn shown(value: impl Display) -> String {
    let mut text = value.to_string();
    redaction::text(&mut text);
    printable(&mut text);
    size::cut(&mut text, SHOWN);
    text
}

/// The variable's text, or its default if it is unset or empty. Text that is not UTF-8 is an error.
pub fn text(variable: &Variable) -> Result<Option<String>, EnvError> {
    Ok(variable.text()?)
}

/// The variable's value, or its default if it is unset or empty.
pub fn parsed<T: FromStr>(variable: &Variable) -> Result<T, EnvError> {
    Ok(variable.parsed()?)
}

impl From<Invalid> for EnvError {
    fn from(invalid: Invalid) -> Self {
        let Invalid { name, value, allowed } = invalid;
        Self { name, value: value.map_or_else(|| HIDDEN.to_owned(), shown), allowed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_line_of_bounded_length() {
        let variable = Variable {
            name: "APP_VERSION",
            about: "",
            default: None,
            allowed: Allowed::Text("less"),
            shown: Shown::Whole,
        };
        let error = EnvError::new(&variable, format!("1\n2\u{1b}[0m{}", "x".repeat(5_000)));
        let text = error.to_string();
        assert!(
            text.starts_with("APP_VERSION=1\\n2\\u001b[0mxxx")
                && text.ends_with(" bytes) is not valid: less"),
            "{text}"
        );
        assert!(text.chars().count() < 300 && !text.contains(char::is_control));
    }
}
