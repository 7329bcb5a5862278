//! The facts of an event that rules speak of.

use sentry::Level;
use sentry::protocol::{Event, Exception, Frame};

use super::Field;

/// All values of a field: an error chain has several types and values.
pub(super) fn values<'e>(event: &'e Event<'_>, field: &Field) -> Vec<&'e str> {
    match field {
        Field::ErrorType => event.exception.iter().map(|exception| exception.ty.as_str()).collect(),
        Field::ErrorValue => event.exception.iter().filter_map(|e| e.value.as_deref()).collect(),
        Field::Message => {
            let outermost = event.exception.last().and_then(|exception| exception.value.as_deref());
            message(event).into_iter().chain(outermost).collect()
        }
        Field::Logger => event.logger.as_deref().into_iter().collect(),
        Field::Level => vec![level(event.level)],
        Field::Release => event.release.as_deref().into_iter().collect(),
        Field::Transaction => event.transaction.as_deref().into_iter().collect(),
        Field::Tag(name) => event.tags.get(name).map(String::as_str).into_iter().collect(),
        Field::Function | Field::Module | Field::App => Vec::new(),
    }
}

/// What a variable becomes; like Sentry, `<no-…>` where the event has no such fact.
pub(super) fn variable(event: &Event<'_>, field: &Field) -> String {
    let outermost: Option<&Exception> = event.exception.last();
    let (value, missing) = match field {
        Field::ErrorType => (outermost.map(|e| e.ty.as_str()), "<no-type>"),
        Field::ErrorValue => (outermost.and_then(|e| e.value.as_deref()), "<no-value>"),
        Field::Message => (message(event).or(outermost.and_then(|e| e.value.as_deref())), "<no-message>"),
        Field::Function => (top_frame(event).and_then(|frame| frame.function.as_deref()), "<no-function>"),
        Field::Module => (top_frame(event).and_then(|frame| frame.module.as_deref()), "<no-module>"),
        Field::Logger => (event.logger.as_deref(), "<no-logger>"),
        Field::Transaction => (event.transaction.as_deref(), "<no-transaction>"),
        Field::Release => (event.release.as_deref(), "<no-release>"),
        Field::Level => (Some(level(event.level)), ""),
        Field::Tag(name) => (event.tags.get(name).map(String::as_str), "<no-value-for-tag>"),
        Field::App => (None, "<no-app>"),
    };
    value.unwrap_or(missing).to_owned()
}

/// Every frame of the event's exceptions and threads.
pub(super) fn frames<'e>(event: &'e Event<'_>) -> impl Iterator<Item = &'e Frame> {
    let exceptions = event.exception.iter().filter_map(|exception| exception.stacktrace.as_ref());
    let threads = event.threads.iter().filter_map(|thread| thread.stacktrace.as_ref());
    exceptions.chain(threads).flat_map(|stacktrace| &stacktrace.frames)
}

/// A frame's value of a frame field.
pub(super) fn of_frame<'f>(frame: &'f Frame, field: &Field) -> &'f str {
    let value = match field {
        Field::Function => frame.function.as_deref(),
        Field::Module => frame.module.as_deref(),
        Field::App => Some(if frame.in_app == Some(true) { "yes" } else { "no" }),
        _ => None,
    };
    value.unwrap_or_default()
}

/// The frame that failed: our innermost one, else the innermost.
fn top_frame<'e>(event: &'e Event<'_>) -> Option<&'e Frame> {
    let outermost = event.exception.last().and_then(|exception| exception.stacktrace.as_ref());
    let thread = || event.threads.iter().find_map(|thread| thread.stacktrace.as_ref());
    let frames = &outermost.or_else(thread)?.frames;
    frames.iter().rev().find(|frame| frame.in_app == Some(true)).or(frames.last())
}

fn message<'e>(event: &'e Event<'_>) -> Option<&'e str> {
    event.message.as_deref().or(event.logentry.as_ref().map(|entry| entry.message.as_str()))
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
