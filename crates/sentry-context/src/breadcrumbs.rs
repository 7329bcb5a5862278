//! Typed constructors for the steps that led to an event.
//!
//! Categories and types follow Sentry's [breadcrumb types](https://develop.sentry.dev/sdk/event-payloads/breadcrumbs/).

use std::time::SystemTime;

use sentry::Level;
use sentry::protocol::Breadcrumb;

use crate::facts::{Facts, facts};

/// A step of the business logic: `category` names the part (`paytable`), `message` says what it did.
pub fn step(category: &str, message: impl Into<String>, data: Facts) {
    add("default", category, Level::Info, message.into(), data);
}

/// A step that went wrong or will: same as [`step`], at level warning.
pub fn warning(category: &str, message: impl Into<String>, data: Facts) {
    add("default", category, Level::Warning, message.into(), data);
}

/// A database command that the server answered.
pub fn query(description: &str, data: Facts) {
    add("query", "db", Level::Info, description.to_owned(), data);
}

/// A database command that failed.
pub fn failed_query(description: &str, data: Facts) {
    add("query", "db", Level::Error, format!("{description} failed"), data);
}

/// The arrival of an HTTP request; the first breadcrumb of each.
pub(crate) fn request(at: SystemTime, method: &str, path: &str) -> Breadcrumb {
    let data = facts([("method", method.into()), ("path", path.into())]);
    let crumb = breadcrumb("http", "request", Level::Info, format!("{method} {path}"), data);
    Breadcrumb { timestamp: at, ..crumb }
}

fn add(ty: &str, category: &str, level: Level, message: String, data: Facts) {
    sentry::add_breadcrumb(breadcrumb(ty, category, level, message, data));
}

fn breadcrumb(ty: &str, category: &str, level: Level, message: String, data: Facts) -> Breadcrumb {
    Breadcrumb {
        ty: ty.to_owned(),
        category: Some(category.to_owned()),
        level,
        message: Some(message),
        data,
        ..Breadcrumb::default()
    }
}
