//! Environment variables as typed settings, with errors that name the variable, the value and what is allowed.

use std::fmt::Display;
use std::str::FromStr;

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

impl EnvError {
    /// An error that shows the value.
    pub fn new(name: &'static str, value: impl Display, allowed: impl Into<String>) -> Self {
        Self { name, value: value.to_string(), allowed: allowed.into() }
    }

    /// An error about a variable that may hold a secret: the value is not shown.
    pub fn hidden(name: &'static str, allowed: impl Into<String>) -> Self {
        Self::new(name, "[hidden]", allowed)
    }
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

/// The variable parsed, or `default` where it is unset or empty. `allowed` tells what parses and passes `accept`.
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
