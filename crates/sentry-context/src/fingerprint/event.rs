//! The facts of an event that rules speak of.

use sentry::Level;
use sentry::protocol::{Event, Exception, Frame};

use super::field::{Field, Place};

/// A thing that matchers look at.
pub(super) enum Candidate<'e> {
    Event(&'e Event<'static>),
    Text(&'e str),
    Exception(&'e Exception),
    Frame(&'e Frame),
}

impl<'e> Candidate<'e> {
    /// Its value of a field; `None` where it has none.
    pub(super) fn value(&self, field: &Field) -> Option<&'e str> {
        let value = match (self, field) {
            (Self::Event(event), Field::Logger) => event.logger.as_deref(),
            (Self::Event(event), Field::Level) => Some(level(event.level)),
            (Self::Event(event), Field::Release) => event.release.as_deref(),
            (Self::Event(event), Field::Transaction) => event.transaction.as_deref(),
            (Self::Event(event), Field::Tag(name)) => event.tags.get(name).map(String::as_str),
            (Self::Text(text), Field::Message) => Some(*text),
            (Self::Exception(exception), Field::ErrorType) => Some(exception.ty.as_str()),
            (Self::Exception(exception), Field::ErrorValue) => exception.value.as_deref(),
            (Self::Frame(frame), Field::Function) => frame.function.as_deref(),
            (Self::Frame(frame), Field::Module) => frame.module.as_deref(),
            (Self::Frame(frame), Field::App) => Some(if frame.in_app == Some(true) { "yes" } else { "no" }),
            _ => None,
        };
        value.filter(|value| !value.is_empty())
    }
}

/// Everything in a place of the event.
pub(super) fn candidates<'e>(event: &'e Event<'static>, place: Place) -> Vec<Candidate<'e>> {
    match place {
        Place::Event => vec![Candidate::Event(event)],
        Place::Texts => {
            let values = event.exception.iter().filter_map(|exception| exception.value.as_deref());
            message(event).into_iter().chain(values).map(Candidate::Text).collect()
        }
        Place::Exceptions => event.exception.iter().map(Candidate::Exception).collect(),
        Place::Frames => frames(event).map(Candidate::Frame).collect(),
    }
}

/// What a variable becomes; like Sentry, `<no-…>` where the event has no such fact.
pub(super) fn variable(event: &Event<'static>, field: &Field) -> String {
    let source = match field {
        Field::ErrorType | Field::ErrorValue => event.exception.last().map(Candidate::Exception),
        Field::Function | Field::Module => top_frame(event).map(Candidate::Frame),
        Field::Message => {
            let outermost = || event.exception.last().and_then(|exception| exception.value.as_deref());
            message(event).or_else(outermost).map(Candidate::Text)
        }
        _ => Some(Candidate::Event(event)),
    };
    source.and_then(|source| source.value(field)).map_or_else(|| missing(field), str::to_owned)
}

fn missing(field: &Field) -> String {
    match field {
        Field::Tag(name) => format!("<no-value-for-tag-{name}>"),
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
