//! What the items of an envelope mean.

mod event;
mod transaction;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::envelope::{BadEnvelope, Envelope, Item};
use crate::event_id;
use crate::profiles::Chunk;
use crate::sessions::Count;
use crate::stats::Discarded;
use crate::surrogates;
use crate::text::{SHORT, clip};
use crate::weight::{Weigh, heap_of};

pub(crate) use event::Event;
pub use event::EventSummary;
pub(crate) use transaction::Transaction;
pub use transaction::TransactionSummary;

/// An envelope that was understood.
pub(crate) struct Understood {
    /// As its header says; most envelopes without an event have none.
    pub(crate) event_id: Option<String>,
    /// Each with its type.
    pub(crate) items: Vec<(String, Received)>,
    /// Why the others are not among them.
    pub(crate) refused: Vec<BadEnvelope>,
}

/// An item that was understood.
pub(crate) enum Received {
    Event(Box<Event>),
    Transaction(Box<Transaction>),
    Attachment(Attachment),
    Sessions(Vec<Count>),
    Discarded(Vec<Discarded>),
    Logs(Vec<Entry>),
    Metrics(Vec<Entry>),
    ProfileChunk(Box<Chunk>),
    /// Counted, not looked at.
    Other,
}

/// Longest payload of an item that is read, bytes: Sentry's own limit for events.
const MAX_PAYLOAD: usize = 1024 * 1024;

/// The item that is a part of a continuous profile. Its payload may be as long as an envelope.
const PROFILE_CHUNK: &str = "profile_chunk";

/// Most attachments of an event that are listed.
pub(crate) const MAX_ATTACHMENTS: usize = 20;

/// JSON as it was sent, kept as text: that takes a fraction of the memory, and most of it is never looked at.
#[derive(Debug, Clone)]
pub struct Payload(Arc<RawValue>);

impl Serialize for Payload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(|json| Self(Arc::from(json)))
    }
}

impl Payload {
    /// A copy: a slice would keep all of its envelope in memory, attachments and buffers included.
    fn copied(json: &RawValue) -> Self {
        Self(Arc::from(json.to_owned()))
    }

    fn read_from(bytes: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(bytes).map(Self::copied).map_err(|error| not_an_object(&error))
    }

    /// The JSON as a value.
    pub fn read(&self) -> Value {
        serde_json::from_slice(&surrogates::paired(self.0.get().as_bytes())).unwrap_or_default()
    }
}

impl Weigh for Payload {
    fn heap(&self) -> usize {
        // Two counters stand before the text.
        self.0.get().len() + 2 * size_of::<usize>()
    }
}

/// A log entry or a metric.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) trace_id: Option<String>,
    pub(crate) payload: Payload,
}

impl Weigh for Entry {
    fn heap(&self) -> usize {
        heap_of([&self.trace_id, &self.payload])
    }
}

/// What came with an event; its content is not kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Attachment {
    /// Its name.
    pub filename: String,
    /// Its media type.
    pub content_type: Option<String>,
    /// Its length.
    pub bytes: usize,
    /// What Sentry uses it for, such as `event.attachment`.
    pub attachment_type: String,
}

impl Weigh for Attachment {
    fn heap(&self) -> usize {
        heap_of([&self.filename, &self.content_type, &self.attachment_type])
    }
}

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
        match one(project, &header, item) {
            Ok(received) => understood.items.push((ty, received)),
            Err(reason) => understood.refused.push(BadEnvelope::Payload { item: number, ty, reason }),
        }
    }
    understood.refused.extend(refused);
    Ok(understood)
}

fn one(project: &str, envelope: &Map<String, Value>, item: Item) -> Result<Received, String> {
    Ok(match item.ty.as_str() {
        "event" => Received::Event(Box::new(Event::read(project, envelope, &item.payload)?)),
        "transaction" => {
            Received::Transaction(Box::new(Transaction::read(project, envelope, &item.payload)?))
        }
        "attachment" => Received::Attachment(Attachment::read(&item)),
        "session" => Received::Sessions(vec![Count::of_session(&object(&item.payload)?)]),
        "sessions" => Received::Sessions(Count::of_aggregates(&object(&item.payload)?)),
        "client_report" => Received::Discarded(Discarded::read(&object(&item.payload)?)),
        "log" => Received::Logs(contained(&item.payload)?),
        "trace_metric" => Received::Metrics(contained(&item.payload)?),
        PROFILE_CHUNK => {
            let platform = item.header.get("platform").and_then(Value::as_str);
            Received::ProfileChunk(Box::new(Chunk::read(project, platform, &item.payload)?))
        }
        _ => Received::Other,
    })
}

/// Whether payloads of this type are looked into, and may not be longer than an event.
fn is_read(ty: &str) -> bool {
    ["event", "transaction", "session", "sessions", "client_report", "log", "trace_metric"].contains(&ty)
}

fn object(payload: &[u8]) -> Result<Value, String> {
    let object: Map<String, Value> =
        serde_json::from_slice(&surrogates::paired(payload)).map_err(|error| not_an_object(&error))?;
    Ok(Value::Object(object))
}

fn not_an_object(error: &serde_json::Error) -> String {
    format!("its payload is not a JSON object: {error}")
}

/// The entries of an item container: `{"items": […]}`.
fn contained(payload: &[u8]) -> Result<Vec<Entry>, String> {
    let container: BTreeMap<String, &RawValue> =
        serde_json::from_slice(payload).map_err(|error| not_an_object(&error))?;
    let items =
        container.get("items").and_then(|items| serde_json::from_str::<Vec<&RawValue>>(items.get()).ok());
    let items = items.ok_or("its payload has no list of items")?;
    if items.iter().any(|item| !item.get().starts_with('{')) {
        return Err("one of its items is not a JSON object".to_owned());
    }
    Ok(items.into_iter().map(Entry::read).collect())
}

/// The id of the envelope, or else of the payload, or else a new one. What is no id counts as none: an event with a
/// wrong id says more than none at all.
fn event_id(payload: &Value, envelope: &Map<String, Value>) -> String {
    let of = |object: &Map<String, Value>| event_id::of(object).ok().flatten();
    of(envelope).or_else(|| payload.as_object().and_then(of)).unwrap_or_else(event_id::new)
}

/// A name, as far as lists show it.
fn text(value: &Value) -> Option<String> {
    value.as_str().map(|text| clip(text, SHORT))
}

/// Numbers and booleans stand where text is meant, for example in user ids.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Number(_) | Value::Bool(_) => Some(clip(&value.to_string(), SHORT)),
        _ => text(value),
    }
}

/// Tags are an object in newer SDKs and a list of pairs in older ones; Sentry's own API has objects for pairs.
pub(crate) fn tag(payload: &Value, name: &str) -> Option<String> {
    let is = |pair: &Value| pair[0] == name || pair["key"] == name;
    let value = |pair: &Value| scalar(&pair[1]).or_else(|| scalar(&pair["value"]));
    match &payload["tags"] {
        Value::Object(tags) => tags.get(name).and_then(scalar),
        Value::Array(tags) => tags.iter().find(|pair| is(pair)).and_then(value),
        _ => None,
    }
}

impl Entry {
    fn read(entry: &RawValue) -> Self {
        #[derive(Deserialize)]
        struct Traced {
            trace_id: Option<String>,
        }
        let traced: Option<Traced> = serde_json::from_str(entry.get()).ok();
        let trace_id = traced.and_then(|it| it.trace_id).map(|id| clip(&id, SHORT));
        Self { trace_id, payload: Payload::copied(entry) }
    }
}

impl Attachment {
    fn read(item: &Item) -> Self {
        let header = |name: &str| item.header.get(name).and_then(text);
        Self {
            filename: header("filename").unwrap_or_else(|| "unnamed".to_owned()),
            content_type: header("content_type"),
            bytes: item.payload.len(),
            attachment_type: header("attachment_type").unwrap_or_else(|| "event.attachment".to_owned()),
        }
    }
}
