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
use std::str::FromStr;

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
    /// The address of a URL: its user, password and query may be secret.
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
    /// The value as an error may show it: whole if it is short and plain, as an address or a number is. Anything else
    /// may be a URL with a password in it.
    pub fn shown(&self) -> &str {
        self.value.as_deref().filter(|value| is_plain(value)).unwrap_or("[hidden]")
    }
}

fn is_plain(value: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".:-_".contains(&byte);
    value.len() <= 64 && value.bytes().all(plain)
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
            Shown::Address => is_plain(value),
            Shown::Nothing => false,
        });
        Invalid { name: self.name, value, allowed: self.allowed.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WATCHDOG: Allowed =
        Allowed::Number { what: "milliseconds", min: 200.0, max: 600_000.0, zero: Some("no watchdog") };

    #[test]
    fn a_number_is_in_its_range_or_the_zero_that_means_something() {
        for (text, accepted) in [
            ("200", true),
            ("600000", true),
            ("0", true),
            ("199", false),
            ("600001", false),
            ("-1", false),
            ("NaN", false),
            ("inf", false),
            ("", false),
        ] {
            assert_eq!(WATCHDOG.accepts(text), accepted, "{text}");
        }
        assert_eq!(WATCHDOG.to_string(), "milliseconds from 200 to 600000, or 0 for no watchdog");
    }

    #[test]
    fn an_unset_variable_has_its_default() {
        let unset = |default| Variable {
            name: "VARIABLE_THAT_NOBODY_SETS",
            about: "",
            default,
            allowed: WATCHDOG,
            shown: Shown::Whole,
        };
        assert_eq!(unset(Some("1000")).parsed::<u64>(), Ok(1_000));
        assert_eq!(unset(None).optional::<u64>(), Ok(None));
        assert!(unset(None).parsed::<u64>().is_err());
        assert_eq!((unset(Some("8080")).default_port(), unset(None).default_port()), (8080, 0));
    }

    #[test]
    fn an_error_shows_plain_values_only() {
        let invalid = |value: &str| {
            let value = Some(value.to_owned());
            Invalid { name: "NAME", value, allowed: "a word".to_owned() }.to_string()
        };
        assert_eq!(invalid("nowhere"), "NAME=nowhere is not valid: a word");
        for hidden in ["mongodb://user:password@host", &"x".repeat(65), "two\nlines"] {
            assert_eq!(invalid(hidden), "NAME=[hidden] is not valid: a word");
        }
    }
}
