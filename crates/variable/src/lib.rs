//! Environment variables, declared once. The parser, `.env.example`, the tables of the READMEs and the tests read the same
//! [`Variable`].
//!
//! ```
//! use variable::{Allowed, Shown, Variable};
//!
//! static PORT: Variable = Variable {
//!     name: "SHOP_PORT",
//!     about: "the port to listen on",
//!     default: Some("8080"),
//!     allowed: Allowed::Number { what: "a port", min: 0.0, max: 65_535.0, zero: None },
//!     shown: Shown::Whole,
//! };
//! assert_eq!(PORT.parsed::<u16>(), Ok(8080));
//! assert_eq!(PORT.allowed.to_string(), "a port from 0 to 65535");
//! ```

use std::env::VarError;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// The README's code compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// An environment variable.
#[derive(Debug)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What it is for: a line of Markdown, without a full stop.
    pub about: &'static str,
    /// The value if it is unset or empty, as text.
    pub default: Option<&'static str>,
    /// What is allowed.
    pub allowed: Allowed,
    /// How much of its value errors and logs may show.
    pub shown: Shown,
}

/// How much of a value may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// All of it.
    Whole,
    /// All of it, if it is an address and nothing more. The user, password, path and query of a URL may be secret.
    Address,
    /// Nothing: it is a secret.
    Nothing,
}

/// What a variable may be.
#[derive(Debug, Clone, Copy)]
pub enum Allowed {
    /// What its type parses, in words.
    Text(&'static str),
    /// A number in a range.
    Number {
        /// Such as `a port` or `MiB`.
        what: &'static str,
        /// The least.
        min: f64,
        /// The most.
        max: f64,
        /// What 0 means, if it is allowed outside of the range.
        zero: Option<&'static str>,
    },
    /// One of these words.
    OneOf(&'static [&'static str]),
}

impl Allowed {
    /// Whether a text is allowed, apart from what its type parses.
    pub fn accepts(&self, text: &str) -> bool {
        match self {
            Self::Text(_) => true,
            Self::OneOf(words) => words.contains(&text),
            Self::Number { min, max, zero, .. } => text
                .parse::<f64>()
                .is_ok_and(|number| (*min..=*max).contains(&number) || (zero.is_some() && number == 0.0)),
        }
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => out.write_str(text),
            Self::OneOf(words) => out.write_str(&words.join(" or ")),
            Self::Number { what, min, max, zero } => {
                write!(out, "{what} from {min} to {max}")?;
                zero.map_or(Ok(()), |zero| write!(out, ", or 0 for {zero}"))
            }
        }
    }
}

/// A variable whose value cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// The variable.
    pub name: &'static str,
    /// Its value; `None` if it may hold a secret or is not UTF-8.
    pub value: Option<String>,
    /// What is allowed.
    pub allowed: String,
}

impl Invalid {
    /// The value as an error may show it: whole if it is short and a plain word, a number or an address. Anything else
    /// may be a URL with a password in it.
    pub fn shown(&self) -> &str {
        self.value.as_deref().filter(|value| is_plain(value) || is_address(value)).unwrap_or("[hidden]")
    }
}

/// Bytes of the longest value that is shown.
const SHOWN: usize = 64;

fn is_plain(value: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".:-_".contains(&byte);
    value.len() <= SHOWN && value.bytes().all(plain)
}

/// Whether a value is `HOST:PORT`, an IP address, or a URL of a host and nothing else. A word alone may be a password.
fn is_address(value: &str) -> bool {
    if value.len() > SHOWN {
        return false;
    }
    match value.split_once("://") {
        Some((scheme, rest)) => {
            let authority = rest.strip_suffix('/').unwrap_or(rest);
            let is_scheme = !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric());
            is_scheme && (is_host(authority) || has_port(authority))
        }
        None => value.parse::<IpAddr>().is_ok() || has_port(value),
    }
}

fn is_host(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    match text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        Some(ip) => ip.parse::<Ipv6Addr>().is_ok(),
        None => !text.is_empty() && text.bytes().all(plain),
    }
}

fn has_port(text: &str) -> bool {
    let parts = text.rsplit_once(':').filter(|(host, _)| is_host(host));
    parts.is_some_and(|(_, port)| port.parse::<u16>().is_ok_and(|port| port > 0))
}

impl fmt::Display for Invalid {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}={} is not valid: {}", self.name, self.shown(), self.allowed)
    }
}

impl std::error::Error for Invalid {}

impl Variable {
    /// Its text, or its default if it is unset or empty.
    pub fn text(&self) -> Result<Option<String>, Invalid> {
        match std::env::var(self.name) {
            Ok(value) if !value.is_empty() => Ok(Some(value)),
            Ok(_) | Err(VarError::NotPresent) => Ok(self.default.map(str::to_owned)),
            Err(VarError::NotUnicode(_)) => Err(self.invalid(None)),
        }
    }

    /// Its value, or `None` if it is unset or empty and has no default.
    pub fn optional<T: FromStr>(&self) -> Result<Option<T>, Invalid> {
        let Some(text) = self.text()? else { return Ok(None) };
        match text.parse() {
            Ok(value) if self.allowed.accepts(&text) => Ok(Some(value)),
            _ => Err(self.invalid(Some(text))),
        }
    }

    /// Its value. A variable without a default must be set.
    pub fn parsed<T: FromStr>(&self) -> Result<T, Invalid> {
        self.optional()?.ok_or_else(|| self.invalid(Some(String::new())))
    }

    /// The default as a port; 0 if it is none.
    pub const fn default_port(&self) -> u16 {
        match self.default {
            Some(text) => match u16::from_str_radix(text, 10) {
                Ok(port) => port,
                Err(_) => 0,
            },
            None => 0,
        }
    }

    /// The error of a value that its reader refuses.
    pub fn refused(&self) -> Invalid {
        self.invalid(self.text().ok().flatten())
    }

    fn invalid(&self, value: Option<String>) -> Invalid {
        let value = value.filter(|value| match self.shown {
            Shown::Whole => true,
            Shown::Address => is_address(value),
            Shown::Nothing => false,
        });
        Invalid { name: self.name, value, allowed: self.allowed.to_string() }
    }
}

#[cfg(test)]
mod tests;
