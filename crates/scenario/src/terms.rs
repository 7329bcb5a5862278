//! The values of a catalogue that are one of a few words.

use std::fmt;

use actix_web::http;
use serde::{Deserialize, Serialize};

/// The level of an event, in Sentry's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The process or the request could not go on.
    Fatal,
    /// Something failed.
    Error,
    /// Something is wrong, but nothing failed.
    Warning,
    /// Nothing is wrong.
    Info,
    /// For developers.
    Debug,
}

impl Level {
    /// As events carry it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fatal => "fatal",
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The methods scenarios use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Break something.
    Get,
    /// Break something with a body.
    Post,
    /// Give back what was broken.
    Delete,
}

impl Method {
    /// As actix-web writes it.
    pub const fn http(self) -> http::Method {
        match self {
            Self::Get => http::Method::GET,
            Self::Post => http::Method::POST,
            Self::Delete => http::Method::DELETE,
        }
    }
    /// As requests and names of transactions write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// In the path.
    Path,
    /// In the query string.
    Query,
}

/// The state of a job's run, and of its monitor, in Sentry's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// It went well.
    Ok,
    /// It failed.
    Error,
    /// It has begun, and has time left.
    InProgress,
    /// It has begun, and has not ended in time.
    Timeout,
    /// It has not begun in time.
    Missed,
}

impl RunState {
    /// As a monitor shows it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
            Self::InProgress => "in_progress",
            Self::Timeout => "timeout",
            Self::Missed => "missed",
        }
    }
}

impl fmt::Display for RunState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
