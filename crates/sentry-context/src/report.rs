//! Errors that can be reported to Sentry and answered to the client: [`Reportable`] and its backtrace, [`Traced`].
//!
//! ```
//! use sentry_context::report::{Reportable, Traced};
//!
//! #[derive(Debug, thiserror::Error)]
//! #[error("the stake {text:?} is not a number")]
//! struct BadStake { text: String, source: std::num::ParseFloatError }
//!
//! impl Reportable for BadStake {
//!     fn type_name(&self) -> &'static str { "BadStake" }
//! }
//!
//! fn stake(text: &str) -> Result<f64, Traced<BadStake>> {
//!     // The conversion to `Traced` keeps the stack of this very line.
//!     Ok(text.parse().map_err(|source| BadStake { text: text.to_owned(), source })?)
//! }
//! assert!(stake("ten").is_err());
//! ```

use std::error::Error;
use std::{fmt, iter};

use sentry::protocol::{Context, Event, Exception, LogEntry, Mechanism, MechanismMeta, PosixSignal, Thread};
use sentry::types::{Uuid, random_uuid};
use sentry::{Hub, Level};
use tokio::task::JoinError;

use crate::facts::Facts;
use crate::frames::Origin;
use crate::{reported, step};

/// The tag that every event has: an error's type, or what a message is about.
pub const TYPE_TAG: &str = "error.type";

/// What an error says beside its text.
pub trait Reportable: Error + Send + Sync + 'static {
    /// The exception type in Sentry, and `type` in the answer.
    fn type_name(&self) -> &'static str;

    /// How bad it is.
    fn level(&self) -> Level {
        Level::Error
    }

    /// Was it expected and dealt with? An unhandled one makes the release-health session a crashed one.
    fn handled(&self) -> bool {
        true
    }

    /// How the error was noticed, in Sentry's mechanism: `generic`, `unawaited_task` …
    fn mechanism(&self) -> &'static str {
        "generic"
    }

    /// The signal, where one ended a process.
    fn signal(&self) -> Option<PosixSignal> {
        None
    }

    /// Facts for a context of their own: its name and fields.
    fn context(&self) -> Option<(&'static str, Facts)> {
        None
    }

    /// Searchable facts.
    fn tags(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// HTTP status of the answer.
    fn status(&self) -> u16 {
        500
    }

    /// Headers of the answer, such as `retry-after`; names in lower case.
    fn headers(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// Further fields of the answer's JSON.
    fn answer(&self) -> Facts {
        Facts::new()
    }

    /// Does it make an event? By default the server's own failures do, the caller's do not.
    fn is_event(&self) -> bool {
        self.status() >= 500
    }
}

/// An error with the stack of the place where it occurred; `?` makes it from the bare error.
#[derive(Debug)]
pub struct Traced<E> {
    /// The error.
    pub error: E,
    /// Where it occurred.
    pub origin: Origin,
}

impl<E> From<E> for Traced<E> {
    #[inline(never)]
    fn from(error: E) -> Self {
        step::fail();
        Self { error, origin: Origin::capture() }
    }
}

impl<E: fmt::Display> fmt::Display for Traced<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl<E: Reportable> Traced<E> {
    /// Sends the error's event. `None` if Sentry is off.
    pub fn report(&self) -> Option<Uuid> {
        capture(&self.error, &self.origin)
    }

    /// Sends the error's event under an id that was [reserved](reserve_id) for it.
    pub fn report_as(&self, id: Uuid) {
        send_error(&self.error, &self.origin, id);
    }
}

/// An id for an event that work beside the request will send once the answer, which names it, is gone; for work whose
/// failure is known to come. Nil where Sentry is off.
pub fn reserve_id() -> Uuid {
    let enabled = Hub::with_active(|hub| hub.client().is_some_and(|client| client.is_enabled()));
    if enabled { random_uuid() } else { Uuid::nil() }
}

/// Sends one event about an error that occurred at `origin`, and logs it. `None` if Sentry is off.
pub fn capture(error: &dyn Reportable, origin: &Origin) -> Option<Uuid> {
    send_error(error, origin, Uuid::nil())
}

/// A nil id is replaced by one of the SDK's. A panic that it reports has its event already.
fn send_error(error: &dyn Reportable, origin: &Origin, event_id: Uuid) -> Option<Uuid> {
    if let Some(reported) = panic_behind(error) {
        return Some(reported);
    }
    // Everything that an error is asked may panic: nothing is sent before the last answer.
    let (level, ty, text) = (error.level(), error.type_name(), error.to_string());
    let id = send(Event { event_id, ..event_of(error, origin) });
    log(level, Some(ty), &text, id);
    id
}

/// The event of an error, without what a scope adds.
pub fn event_of(error: &dyn Reportable, origin: &Origin) -> Event<'static> {
    let mut event = Event {
        level: error.level(),
        exception: chain(error, origin).into(),
        tags: error.tags().into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        ..Event::default()
    };
    if let Some((name, facts)) = error.context() {
        event.contexts.insert(name.to_owned(), Context::Other(facts));
    }
    event
}

/// The event of the panic by which a task was lost, if that is what the error is about.
fn panic_behind(error: &dyn Reportable) -> Option<Uuid> {
    let mut causes = with_causes(error);
    let lost = causes.find_map(|error| error.downcast_ref::<JoinError>())?;
    lost.is_panic().then(|| reported::of_task(lost.id())).flatten().filter(|id| !id.is_nil())
}

/// An error with its causes, in one line.
pub(crate) fn whole_text(error: &(dyn Error + 'static)) -> String {
    with_causes(error).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// Most causes of an error that are reported: a chain may have no end.
const MOST_CAUSES: usize = 20;

fn with_causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = Some(error);
    let causes = iter::from_fn(move || {
        let this = next?;
        next = this.source();
        Some(this)
    });
    causes.take(MOST_CAUSES)
}

/// Sends a message that is no error, and logs it. The place where it was said comes along as the current thread's
/// stack. The context's name is what it is about, and its tag `error.type`: a message has no other type to search for.
pub fn message(level: Level, text: String, context: (&str, Facts)) -> Option<Uuid> {
    let thread = Thread {
        name: std::thread::current().name().map(str::to_owned),
        current: true,
        stacktrace: Origin::capture().stacktrace(),
        ..Thread::default()
    };
    let tags = [(TYPE_TAG.to_owned(), context.0.to_owned())].into();
    let contexts = [(context.0.to_owned(), Context::Other(context.1))].into();
    let logentry = Some(LogEntry { message: text.clone(), params: Vec::new() });
    let id =
        send(Event { level, logentry, threads: vec![thread].into(), tags, contexts, ..Event::default() });
    log(level, None, &text, id);
    id
}

/// The terminal and Sentry's logs say what the event says in full, at the same level, with its id.
pub(crate) fn log(level: Level, ty: Option<&str>, text: &str, event: Option<Uuid>) {
    let event_id = event.map(|id| id.simple().to_string());
    match level {
        Level::Fatal | Level::Error => tracing::error!(error.type = ty, event_id, "{text}"),
        Level::Warning => tracing::warn!(event_id, "{text}"),
        Level::Info => tracing::info!(event_id, "{text}"),
        Level::Debug => tracing::debug!(event_id, "{text}"),
    }
}

fn send(event: Event<'static>) -> Option<Uuid> {
    let id = Hub::with_active(|hub| hub.capture_event(event));
    (!id.is_nil()).then_some(id)
}

/// Root cause first, the error itself last, as Sentry wants it; only the error itself has a stack.
fn chain(error: &dyn Reportable, origin: &Origin) -> Vec<Exception> {
    let mut exceptions = vec![Exception {
        ty: error.type_name().to_owned(),
        value: Some(error.to_string()),
        stacktrace: origin.stacktrace(),
        mechanism: Some(mechanism(error)),
        ..Exception::default()
    }];
    exceptions.extend(with_causes(error).skip(1).map(|cause| Exception {
        ty: type_of(cause),
        value: Some(cause.to_string()),
        mechanism: Some(Mechanism { ty: "chained".to_owned(), ..Mechanism::default() }),
        ..Exception::default()
    }));
    exceptions.reverse();
    exceptions
}

fn mechanism(error: &dyn Reportable) -> Mechanism {
    Mechanism {
        ty: error.mechanism().to_owned(),
        handled: Some(error.handled()),
        meta: MechanismMeta { signal: error.signal(), ..MechanismMeta::default() },
        ..Mechanism::default()
    }
}

/// A cause's type: a trait object has none, so the leading name of its `Debug` form stands in, where that says enough.
fn type_of(cause: &(dyn Error + 'static)) -> String {
    if cause.is::<serde_json::Error>() {
        return "serde_json::Error".to_owned();
    }
    if cause.is::<std::io::Error>() {
        return "io::Error".to_owned();
    }
    let debug = format!("{cause:?}");
    let name = debug.split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':').next().unwrap_or_default();
    if name.is_empty() { "Error".to_owned() } else { name.to_owned() }
}
