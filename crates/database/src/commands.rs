//! The driver's command events as spans and breadcrumbs.
//!
//! The driver calls back on the task that sent the command, so the current hub is the request's.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use mongodb::bson::Document;
use mongodb::event::EventHandler;
use mongodb::event::command::{CommandEvent, CommandStartedEvent};
use sentry_context::sentry::TransactionOrSpan;
use sentry_context::sentry::protocol::SpanStatus;
use sentry_context::{breadcrumbs, facts, request};

use super::error::sentence;

/// How many commands may be open. A dropped request never ends its command.
const OPEN_LIMIT: usize = 1_000;

/// Commands that no request of ours sent, or that carry secrets.
const UNREPORTED: [&str; 9] = [
    "hello",
    "isMaster",
    "ping",
    "endSessions",
    "saslStart",
    "saslContinue",
    "authenticate",
    "getnonce",
    "killCursors",
];

/// The open commands, by the driver's request id.
#[derive(Default)]
struct Commands(Mutex<HashMap<i32, Command>>);

struct Command {
    /// `games.aggregate`, as Sentry names a query of a document store.
    description: String,
    span: Option<TransactionOrSpan>,
}

pub(super) fn handler() -> EventHandler<CommandEvent> {
    let commands = Commands::default();
    EventHandler::callback(move |event| match event {
        CommandEvent::Started(started) => commands.start(&started),
        CommandEvent::Succeeded(it) => commands.end(it.request_id, it.duration, None),
        CommandEvent::Failed(it) => commands.end(it.request_id, it.duration, Some(sentence(&it.failure))),
        // The driver may add events.
        _ => {}
    })
}

impl Commands {
    fn start(&self, started: &CommandStartedEvent) {
        if UNREPORTED.contains(&started.command_name.as_str()) {
            return;
        }
        let collection = collection(&started.command, &started.command_name);
        let description = format!("{collection}.{}", started.command_name);
        let span = request::child("db", &description);
        if let Some(span) = &span {
            span.set_data("db.system", "mongodb".into());
            span.set_data("db.operation", started.command_name.as_str().into());
            span.set_data("db.collection.name", collection.into());
            span.set_data("db.namespace", started.db.as_str().into());
        }
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() >= OPEN_LIMIT {
            open.clear();
        }
        open.insert(started.request_id, Command { description, span });
    }

    fn end(&self, id: i32, duration: Duration, failure: Option<String>) {
        let command = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        let Some(Command { description, span }) = command else { return };
        if let Some(span) = span {
            span.set_status(if failure.is_some() { SpanStatus::InternalError } else { SpanStatus::Ok });
            span.finish();
        }
        let mut data = facts([("duration_ms", (duration.as_micros() as f64 / 1_000.0).into())]);
        match failure {
            None => breadcrumbs::query(&description, data),
            Some(failure) => {
                data.insert("failure".to_owned(), failure.into());
                breadcrumbs::failed_query(&description, data);
            }
        }
    }
}

/// The collection that a command is about: `{find: "games"}`, `{getMore: 7, collection: "games"}`.
fn collection<'a>(command: &'a Document, name: &str) -> &'a str {
    let named = command.get_str(name).or_else(|_| command.get_str("collection"));
    named.unwrap_or("database")
}
