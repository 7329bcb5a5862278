//! The facts of an event that rules refer to.

use std::borrow::Cow;

use sentry::Level;
use sentry::protocol::{Event, Exception, Frame, Thread, ThreadId};

use super::field::{Field, Place};

/// A thing that matchers look at.
pub(super) enum Candidate<'e> {
    Event(&'e Event<'static>),
    Text(&'e str),
    Exception(&'e Exception),
    Frame(&'e Frame),
    Thread(&'e Thread),
}

impl<'e> Candidate<'e> {
    /// Its values of a field; a path has two names.
    pub(super) fn values(&self, field: &Field) -> impl Iterator<Item = Cow<'e, str>> {
        let second = match (self, field) {
            (Self::Frame(frame), Field::Path) => frame.filename.as_deref().map(Cow::Borrowed),
            _ => None,
        };
        self.value(field).into_iter().chain(second)
    }

    /// Its value of a field; `None` if it has none.
    pub(super) fn value(&self, field: &Field) -> Option<Cow<'e, str>> {
        let value = match self {
            Self::Event(event) => of_event(event, field),
            Self::Text(text) => (*field == Field::Message).then_some(text.trim().into()),
            Self::Exception(exception) => match field {
                Field::ErrorType => Some(exception.ty.as_str().into()),
                Field::ErrorValue => exception.value.as_deref().map(str::trim).map(Into::into),
                _ => None,
            },
            Self::Frame(frame) => of_frame(frame, field),
            Self::Thread(thread) => of_thread(thread, field),
        };
        value.filter(|value| !value.is_empty())
    }
}

fn of_event<'e>(event: &'e Event<'static>, field: &Field) -> Option<Cow<'e, str>> {
    let value = match field {
        Field::Logger => event.logger.as_deref(),
        Field::Level => Some(level(event.level)),
        Field::Release => event.release.as_deref().map(str::trim),
        Field::Sdk => event.sdk.as_ref().map(|sdk| sdk.name.as_str()),
        Field::Family => Some(family(&event.platform)),
        Field::Transaction => event.transaction.as_deref(),
        Field::Tag(name) => event.tags.get(name).map(|tag| tag.trim()),
        _ => None,
    };
    value.map(Cow::Borrowed)
}

fn of_frame<'e>(frame: &'e Frame, field: &Field) -> Option<Cow<'e, str>> {
    let value = match field {
        Field::Function => Some(frame.function.as_deref().unwrap_or("<unknown>")),
        Field::Module => frame.module.as_deref(),
        Field::Package => frame.package.as_deref(),
        Field::Path => frame.abs_path.as_deref().or(frame.filename.as_deref()),
        Field::FileName => frame.filename.as_deref().or(frame.abs_path.as_deref()),
        Field::App => Some(yes_or_no(frame.in_app == Some(true))),
        _ => None,
    };
    value.map(Cow::Borrowed)
}

fn of_thread<'e>(thread: &'e Thread, field: &Field) -> Option<Cow<'e, str>> {
    match field {
        Field::ThreadId => thread.id.as_ref().map(|id| match id {
            ThreadId::Int(id) => id.to_string().into(),
            ThreadId::String(id) => id.as_str().into(),
        }),
        Field::ThreadName => thread.name.as_deref().map(Into::into),
        Field::ThreadCrashed => Some(yes_or_no(thread.crashed).into()),
        Field::ThreadCurrent => Some(yes_or_no(thread.current).into()),
        _ => None,
    }
}

/// Everything in a place of the event.
pub(super) fn candidates<'e>(event: &'e Event<'static>, place: Place) -> Vec<Candidate<'e>> {
    match place {
        Place::Event => vec![Candidate::Event(event)],
        Place::Texts => {
            let values =
                event.exception.iter().map(|exception| exception.value.as_deref().unwrap_or_default());
            message(event).into_iter().chain(values).map(Candidate::Text).collect()
        }
        Place::Exceptions => event.exception.iter().map(Candidate::Exception).collect(),
        Place::Frames => frames(event).map(Candidate::Frame).collect(),
        Place::Threads => event.threads.iter().map(Candidate::Thread).collect(),
    }
}

/// What a variable becomes; like Sentry, `<no-…>` where the event has no such fact.
pub(super) fn variable(event: &Event<'static>, field: &Field) -> String {
    let source = match field.place() {
        Place::Exceptions => event.exception.last().map(Candidate::Exception),
        Place::Frames => top_frame(event).map(Candidate::Frame),
        Place::Texts => {
            let outermost = || event.exception.last().and_then(|exception| exception.value.as_deref());
            message(event).or_else(outermost).map(Candidate::Text)
        }
        Place::Event | Place::Threads => Some(Candidate::Event(event)),
    };
    let value = source.and_then(|source| match (&source, field) {
        // A frame whose function nobody knows has a name for matchers only.
        (Candidate::Frame(frame), Field::Function) => frame.function.as_deref().map(Cow::Borrowed),
        _ => source.value(field),
    });
    match (value, field) {
        // The last part of a path.
        (Some(value), Field::Package) => value.rsplit(['/', '\\']).next().unwrap_or_default().to_owned(),
        (Some(value), _) => value.into_owned(),
        (None, field) => missing(field),
    }
}

fn missing(field: &Field) -> String {
    match field {
        Field::Tag(name) => format!("<no-value-for-tag-{name}>"),
        Field::Path => "<no-abs-path>".to_owned(),
        Field::FileName => "<no-filename>".to_owned(),
        field => format!("<no-{}>", field.short_name()),
    }
}

/// Every frame of the event's exceptions and threads.
fn frames<'e>(event: &'e Event<'static>) -> impl Iterator<Item = &'e Frame> {
    let exceptions = event.exception.iter().filter_map(|exception| exception.stacktrace.as_ref());
    let threads = event.threads.iter().filter_map(|thread| thread.stacktrace.as_ref());
    exceptions.chain(threads).flat_map(|stacktrace| &stacktrace.frames)
}

/// The frame that failed: our innermost one, else the innermost.
fn top_frame<'e>(event: &'e Event<'static>) -> Option<&'e Frame> {
    let outermost = event.exception.last().and_then(|exception| exception.stacktrace.as_ref());
    let thread = || event.threads.iter().find_map(|thread| thread.stacktrace.as_ref());
    let frames = &outermost.or_else(thread)?.frames;
    frames.iter().rev().find(|frame| frame.in_app == Some(true)).or(frames.last())
}

fn message<'e>(event: &'e Event<'static>) -> Option<&'e str> {
    let message = event.logentry.as_ref().map(|entry| entry.message.as_str()).or(event.message.as_deref());
    message.filter(|message| !message.is_empty())
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warning => "warning",
        Level::Error => "error",
        Level::Fatal => "fatal",
    }
}

/// As a server sorts platforms.
fn family(platform: &str) -> &'static str {
    match platform {
        "objc" | "cocoa" | "swift" | "native" | "c" => "native",
        "javascript" | "node" => "javascript",
        _ => "other",
    }
}

fn yes_or_no(truth: bool) -> &'static str {
    if truth { "yes" } else { "no" }
}
