//! What a scenario is and what it promises.

use actix_web::{HttpRequest, Route};
use serde_json::Value;

use crate::Parameter;
use crate::terms::{Level, Method, RunState};

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
    /// The promise where no database is reachable; `None` if that makes no difference.
    pub without_database: Option<Expect>,
    /// Holds a core or a worker: only a few run at once.
    pub heavy: bool,
    /// Why this platform cannot keep the promise; `None` if it can.
    pub unavailable: Option<&'static str>,
    /// Puts the handler on the route. Scenarios that share method and path share the handler.
    pub route: fn(Route) -> Route,
    /// What of the fault is still held; `None` if nothing can be.
    pub active: Option<fn(&HttpRequest) -> Option<Value>>,
}

impl Scenario {
    /// What most scenarios have in common: they take no parameter, are not heavy, need no database and no particular
    /// platform, and hold nothing once they have answered. A declaration names what is its own and ends in this.
    pub const PLAIN: Self = Self {
        name: "",
        method: Method::Get,
        path: "",
        title: "",
        demonstrates: "",
        look_for: "",
        parameters: &[],
        expect: Expect::answer(200),
        without_database: None,
        heavy: false,
        unavailable: None,
        route: |route| route,
        active: None,
    };
}

/// The promised answer and events of one call with default parameters.
#[derive(Debug, Clone, Copy)]
pub struct Expect {
    /// HTTP status.
    pub status: u16,
    /// The event; `None` if the call makes none.
    pub event: Option<Event>,
    /// How many events the call makes.
    pub events: usize,
    /// The events beyond the first.
    pub also: &'static [Event],
    /// The end of the path of the function of ours in which the call spends most of its time, as its profile shows;
    /// `None` if nothing takes long.
    pub hot_function: Option<&'static str>,
    /// How many spans its transaction has, at least: the steps of its story. See [`Expect::bare`].
    pub spans: usize,
    /// What Sentry Crons makes of the job that the call runs; `None` if it runs none.
    pub job: Option<Job>,
}

/// A job that checks in at a monitor, and what becomes of it.
#[derive(Debug, Clone, Copy)]
pub struct Job {
    /// The monitor's slug.
    pub monitor: &'static str,
    /// The state of the call's own run.
    pub run: RunState,
    /// The state of the monitor.
    pub state: RunState,
    /// How long after the call both are so, unless the job runs again, minutes.
    pub after_minutes: u32,
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
    /// An answer and a transaction, and no event.
    pub const fn answer(status: u16) -> Self {
        Self { status, event: None, events: 0, also: &[], hot_function: None, spans: 2, job: None }
    }

    /// An answer and one event.
    pub const fn event(status: u16, event: Event) -> Self {
        Self { event: Some(event), events: 1, ..Self::answer(status) }
    }

    /// The same with no steps: the request ends before any work begins.
    pub const fn bare(self) -> Self {
        Self { spans: 0, ..self }
    }

    /// The same, with a run of a job.
    pub const fn job(self, job: Job) -> Self {
        Self { job: Some(job), ..self }
    }

    /// The same, with most of the time spent in a function, or in what it calls that is not ours.
    pub const fn in_function(self, hot_function: &'static str) -> Self {
        Self { hot_function: Some(hot_function), ..self }
    }
}

impl Event {
    /// A panic.
    pub const fn panic(ty: &'static str, fingerprint: &'static [&'static str]) -> Self {
        Self::exception(Level::Fatal, ty, false, fingerprint)
    }

    /// An error that the service has handled.
    pub const fn error(ty: &'static str, fingerprint: &'static [&'static str]) -> Self {
        Self::exception(Level::Error, ty, true, fingerprint)
    }

    /// An exception of that level and type.
    pub const fn exception(
        level: Level,
        ty: &'static str,
        handled: bool,
        fingerprint: &'static [&'static str],
    ) -> Self {
        let (breadcrumbs, contexts) = (&[], &[]);
        Self {
            level,
            ty: Some(ty),
            message: None,
            handled: Some(handled),
            fingerprint,
            breadcrumbs,
            contexts,
        }
    }

    /// A message that starts so.
    pub const fn message(level: Level, start: &'static str, fingerprint: &'static [&'static str]) -> Self {
        let (breadcrumbs, contexts) = (&[], &[]);
        Self { level, ty: None, message: Some(start), handled: None, fingerprint, breadcrumbs, contexts }
    }

    /// The same with breadcrumbs of these categories, in this order.
    pub const fn breadcrumbs(self, breadcrumbs: &'static [&'static str]) -> Self {
        Self { breadcrumbs, ..self }
    }

    /// The same with these contexts.
    pub const fn contexts(self, contexts: &'static [&'static str]) -> Self {
        Self { contexts, ..self }
    }
}
