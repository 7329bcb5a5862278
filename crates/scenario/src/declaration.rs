//! What a scenario is and what it promises.

use actix_web::{HttpRequest, Route};
use serde_json::Value;

use crate::Parameter;
use crate::terms::{Level, Method};

/// One way to break the service, and what Sentry must show of it.
pub struct Scenario {
    /// Name within the service; `SERVICE.NAME` is its id, and the tag `scenario` of its events.
    pub name: &'static str,
    /// HTTP method.
    pub method: Method,
    /// Path with its pattern: `/debug/error/{type}`.
    pub path: &'static str,
    /// A line for lists.
    pub title: &'static str,
    /// What it demonstrates.
    pub demonstrates: &'static str,
    /// What to look for in the dashboard.
    pub look_for: &'static str,
    /// What a caller may choose.
    pub parameters: &'static [&'static Parameter],
    /// The promise.
    pub expect: Expect,
    /// The promise where no database is reachable; `None` where that makes no difference.
    pub without_database: Option<Expect>,
    /// Holds a core or a worker: only a few run at once.
    pub heavy: bool,
    /// Why this platform cannot keep the promise; `None` where it can.
    pub unavailable: Option<&'static str>,
    /// Puts the handler on the route. Scenarios that share method and path share the handler.
    pub route: fn(Route) -> Route,
    /// What of the fault is still held; `None` where nothing can be.
    pub active: Option<fn(&HttpRequest) -> Option<Value>>,
}

/// The promised answer and events of one call with default parameters.
#[derive(Debug, Clone, Copy)]
pub struct Expect {
    /// HTTP status.
    pub status: u16,
    /// The event; `None` where the call makes none.
    pub event: Option<Event>,
    /// How many events the call makes.
    pub events: usize,
    /// The events beyond the first.
    pub also: &'static [Event],
}

/// A promised event.
#[derive(Debug, Clone, Copy)]
pub struct Event {
    /// How severe it is.
    pub level: Level,
    /// Type of the outermost exception; `None` for a message.
    pub ty: Option<&'static str>,
    /// How the message starts; `None` for an exception.
    pub message: Option<&'static str>,
    /// `mechanism.handled`; `None` for a message.
    pub handled: Option<bool>,
    /// The fingerprint, part by part, as it is sent.
    pub fingerprint: &'static [&'static str],
    /// Breadcrumb categories that occur in this order.
    pub breadcrumbs: &'static [&'static str],
    /// Contexts that are there beside those of every event.
    pub contexts: &'static [&'static str],
}

impl Expect {
    /// An answer and nothing in Sentry.
    pub const fn answer(status: u16) -> Self {
        Self { status, event: None, events: 0, also: &[] }
    }

    /// An answer and one event.
    pub const fn event(status: u16, event: Event) -> Self {
        Self { status, event: Some(event), events: 1, also: &[] }
    }
}
