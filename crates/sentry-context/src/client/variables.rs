//! The environment variables of the client.

use crate::env::{Allowed, Shown, Variable};
use crate::profile::lifecycle;

/// Everything that [`Config::from_env`](super::Config::from_env) reads.
pub static VARIABLES: [&Variable; 10] = [
    &DSN,
    &ENVIRONMENT,
    &APP_VERSION,
    &TRACES_SAMPLE_RATE,
    &PROFILE_SESSION_SAMPLE_RATE,
    &lifecycle::VARIABLE,
    &SPOTLIGHT,
    &SPOOL_DIR,
    &FINGERPRINT_RULES,
    &STALL_THRESHOLD_MS,
];

/// Where events go. A DSN holds a key, and what was meant as one may hold anything.
pub static DSN: Variable = Variable {
    name: "SENTRY_DSN",
    about: "where events go; without one, everything works and nothing is sent",
    default: None,
    allowed: Allowed::Text("a DSN such as https://key@host/1, or nothing"),
    shown: Shown::Address,
};

pub(super) static ENVIRONMENT: Variable = Variable {
    name: "SENTRY_ENVIRONMENT",
    about: "the environment that events name",
    default: Some("development"),
    allowed: Allowed::Text("up to 64 characters without blanks, line breaks and slashes, and not `None`"),
    shown: Shown::Whole,
};

pub(super) static APP_VERSION: Variable = Variable {
    name: "APP_VERSION",
    about: "the version in the release `NAME@APP_VERSION`",
    default: Some("1.0.0"),
    allowed: Allowed::Text(
        "with the name up to 200 characters, without line breaks, tabs, slashes and blanks at its ends, and not `.` or `..`",
    ),
    shown: Shown::Whole,
};

pub(super) static TRACES_SAMPLE_RATE: Variable = Variable {
    name: "SENTRY_TRACES_SAMPLE_RATE",
    about: "the share of requests that make a transaction",
    default: Some("1.0"),
    allowed: Allowed::Number { what: "a number", min: 0.0, max: 1.0, zero: None },
    shown: Shown::Whole,
};

/// Off by default, as in every SDK.
pub static PROFILE_SESSION_SAMPLE_RATE: Variable = profile_session_sample_rate("0.0");

/// The declaration for a program with another default.
pub const fn profile_session_sample_rate(default: &'static str) -> Variable {
    Variable {
        name: "SENTRY_PROFILE_SESSION_SAMPLE_RATE",
        about: "the share of processes that are profiled; each decides once, when it starts",
        default: Some(default),
        allowed: Allowed::Number { what: "a number", min: 0.0, max: 1.0, zero: None },
        shown: Shown::Whole,
    }
}

pub(super) static SPOTLIGHT: Variable = Variable {
    name: "SENTRY_SPOTLIGHT",
    about: "sends copies to [Spotlight](https://spotlightjs.com) on the developer's machine; 1 is `http://localhost:8969/stream`",
    default: None,
    allowed: Allowed::Text(
        "1, true, yes, on, their opposites, or an http URL such as http://localhost:8969/stream",
    ),
    shown: Shown::Address,
};

pub(super) static SPOOL_DIR: Variable = Variable {
    name: "SENTRY_SPOOL_DIR",
    about: "keeps undelivered errors, and why a run ended, for the next start",
    default: None,
    allowed: Allowed::Text("a folder that can be written to"),
    shown: Shown::Whole,
};

pub(super) static FINGERPRINT_RULES: Variable = Variable {
    name: "FINGERPRINT_RULES",
    about: "a file of fingerprint rules that replaces the service's own",
    default: None,
    allowed: Allowed::Text(super::rules_file::ALLOWED),
    shown: Shown::Whole,
};

/// The watchdog looks every 100 ms, so a shorter threshold than 200 ms would be less than two looks.
pub(super) static STALL_THRESHOLD_MS: Variable = Variable {
    name: "STALL_THRESHOLD_MS",
    about: "how long a worker may be blocked before the watchdog reports it",
    default: Some("1000"),
    allowed: Allowed::Number { what: "milliseconds", min: 200.0, max: 600_000.0, zero: Some("no watchdog") },
    shown: Shown::Whole,
};
