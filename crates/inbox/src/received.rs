//! What the items of an envelope mean.

mod entry;
mod event;
pub(crate) mod fields;
pub(crate) mod payload;
mod span;
mod transaction;

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::envelope::{BadEnvelope, Envelope, Item};
use crate::feedback::Feedback;
use crate::profiles::chunk::Chunk;
use crate::reports::ClientReport;
use crate::sessions::Count;
use crate::text::{SHORT, clip};
use crate::{attachments, event_id, monitors, replays, surrogates};

pub(crate) use entry::{Entry, attribute};
pub(crate) use event::Event;
pub use event::EventSummary;
pub use payload::Payload;
use payload::not_an_object;
pub(crate) use span::Span;
pub use transaction::TransactionSummary;
pub(crate) use transaction::{Transaction, milliseconds};

/// An envelope that was understood.
pub(crate) struct Understood {
    /// As its header says; most envelopes without an event have none.
    pub(crate) event_id: Option<String>,
    /// Each with its type and the length of its payload.
    pub(crate) items: Vec<(String, usize, Received)>,
    /// Why the others are not among them.
    pub(crate) refused: Vec<BadEnvelope>,
}

/// An item that was understood.
pub(crate) enum Received {
    Event(Box<Event>),
    Transaction(Box<Transaction>),
    Attachment(attachments::Arrived),
    Sessions(Vec<Count>),
    ClientReport(ClientReport),
    CheckIn(Box<monitors::Arrived>),
    Feedback(Box<Feedback>),
    Replay(Box<replays::Part>),
    Spans(Vec<Span>),
    Logs(Vec<Entry>),
    Metrics(Vec<Entry>),
    ProfileChunk(Box<Chunk>),
    /// Counted, not looked at.
    Other,
}

/// Longest payload of an item that is read, bytes. Sentry takes events of 1 MiB: whoever sends longer ones wants to see them.
const MAX_PAYLOAD: usize = 8 * 1024 * 1024;

/// The item that is a part of a continuous profile. Its payload may be as long as an envelope.
const PROFILE_CHUNK: &str = "profile_chunk";

/// Understands the items of an envelope, each by itself.
pub(crate) fn understand(project: &str, envelope: Envelope) -> Result<Understood, BadEnvelope> {
    let Envelope { header, items, refused } = envelope;
    let event_id = event_id::of(&header).map_err(BadEnvelope::HeaderId)?;
    let mut understood = Understood { event_id, items: Vec::new(), refused: Vec::new() };
    for item in items {
        let (number, ty) = (item.number, clip(&item.ty, SHORT));
        if item.payload.len() > MAX_PAYLOAD && is_read(&ty) {
            understood.refused.push(BadEnvelope::TooLarge { item: number, ty, most: MAX_PAYLOAD });
            continue;
        }
        let bytes = item.payload.len();
        match one(project, &header, item) {
            Ok(received) => understood.items.push((ty, bytes, received)),
            Err(reason) => understood.refused.push(BadEnvelope::Payload { item: number, ty, reason }),
        }
    }
    understood.refused.extend(refused);
    Ok(understood)
}

fn one(project: &str, envelope: &Map<String, Value>, item: Item) -> Result<Received, String> {
    let payload = &item.payload;
    let header = |name: &str| item.header.get(name).and_then(Value::as_str);
    Ok(match item.ty.as_str() {
        "event" => match Event::read(project, envelope, payload) {
            // Some clients call it an event all the same.
            Ok(event) if event.is_feedback => feedback(project, envelope, payload)?,
            event => Received::Event(Box::new(event?)),
        },
        "transaction" => Received::Transaction(Box::new(Transaction::read(project, envelope, payload)?)),
        "span" => Received::Spans(Span::read(project, header("content_type"), payload)?),
        "attachment" => Received::Attachment(attachments::Arrived::read(&item)),
        "feedback" => feedback(project, envelope, payload)?,
        "user_report" => {
            Received::Feedback(Box::new(Feedback::of_report(project, envelope, &object(payload)?)?))
        }
        "check_in" => Received::CheckIn(Box::new(monitors::Arrived::read(project, &object(payload)?)?)),
        "replay_event" => {
            Received::Replay(Box::new(replays::Part::read(project, envelope, &object(payload)?)?))
        }
        "replay_recording" | "replay_video" => {
            Received::Replay(Box::new(replays::Part::recording(project, envelope, payload.len())?))
        }
        "session" => Received::Sessions(Count::of_session(project, &object(payload)?).into_iter().collect()),
        "sessions" => Received::Sessions(Count::of_aggregates(&object(payload)?)),
        "client_report" => Received::ClientReport(ClientReport::read(project, &object(payload)?)),
        "log" => Received::Logs(contained(payload)?.into_iter().map(Entry::of).collect()),
        "trace_metric" => Received::Metrics(contained(payload)?.into_iter().map(Entry::of).collect()),
        PROFILE_CHUNK => Received::ProfileChunk(Box::new(Chunk::read(project, header("platform"), payload)?)),
        _ => Received::Other,
    })
}

fn feedback(project: &str, envelope: &Map<String, Value>, payload: &[u8]) -> Result<Received, String> {
    Ok(Received::Feedback(Box::new(Feedback::read(project, envelope, &object(payload)?)?)))
}

/// The items whose payloads are looked into, and may not be longer than an event.
const READ: [&str; 12] = [
    "event",
    "transaction",
    "span",
    "feedback",
    "user_report",
    "check_in",
    "replay_event",
    "session",
    "sessions",
    "client_report",
    "log",
    "trace_metric",
];

fn is_read(ty: &str) -> bool {
    READ.contains(&ty)
}

fn object(payload: &[u8]) -> Result<Value, String> {
    let object: Map<String, Value> =
        serde_json::from_slice(&surrogates::paired(payload)).map_err(|error| not_an_object(&error))?;
    Ok(Value::Object(object))
}

/// The entries of an item container: `{"items": […]}`.
fn contained(payload: &[u8]) -> Result<Vec<Payload>, String> {
    let container: BTreeMap<String, &RawValue> =
        serde_json::from_slice(payload).map_err(|error| not_an_object(&error))?;
    let items =
        container.get("items").and_then(|items| serde_json::from_str::<Vec<&RawValue>>(items.get()).ok());
    let items = items.ok_or("its payload has no list of items")?;
    if items.iter().any(|item| !item.get().starts_with('{')) {
        return Err("one of its items is not a JSON object".to_owned());
    }
    Ok(items.into_iter().map(Payload::copied).collect())
}
