//! What the items of an envelope mean.

mod event;
mod transaction;

use actix_web::web::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::envelope::{BadEnvelope, Envelope, Item};
use crate::event_id;
use crate::sessions::Count;
use crate::stats::Discarded;

pub(crate) use event::{Event, EventSummary};
pub(crate) use transaction::{Transaction, TransactionSummary};

/// An envelope that was understood.
pub(crate) struct Understood {
    /// As its header says; most envelopes without an event have none.
    pub(crate) event_id: Option<String>,
    /// Each with its type.
    pub(crate) items: Vec<(String, Received)>,
}

/// An item that was understood.
pub(crate) enum Received {
    Event(Box<Event>),
    Transaction(Box<Transaction>),
    Attachment(Attachment),
    Sessions(Vec<Count>),
    Discarded(Vec<Discarded>),
    Logs(Vec<Weighed<Value>>),
    Metrics(Vec<Weighed<Value>>),
    /// Counted, not looked at.
    Other,
}

/// Something and how many bytes it was sent as.
pub(crate) type Weighed<T> = (T, usize);

/// The JSON of an event, kept as text: that takes a fraction of the memory, and most are never looked at.
#[derive(Debug, Clone)]
pub(crate) struct Payload(Bytes);

impl Payload {
    /// A copy: a slice would keep all of its envelope in memory, attachments and buffers included.
    fn copied(bytes: &[u8]) -> Self {
        Self(Bytes::copy_from_slice(bytes))
    }

    pub(crate) fn read(&self) -> Value {
        serde_json::from_slice(&self.0).unwrap_or_default()
    }

    pub(crate) fn size(&self) -> usize {
        self.0.len()
    }
}

/// What came with an event; its content is not kept.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Attachment {
    filename: String,
    content_type: Option<String>,
    bytes: usize,
    attachment_type: String,
}

/// Understands every item of an envelope, or refuses all of it.
pub(crate) fn understand(project: &str, envelope: Envelope) -> Result<Understood, BadEnvelope> {
    let Envelope { header, items } = envelope;
    let understand = |(index, item): (usize, Item)| {
        let ty = item.ty.clone();
        let bad = |reason| BadEnvelope::Payload { item: index + 1, ty: ty.clone(), reason };
        one(project, &header, item).map(|received| (ty.clone(), received)).map_err(bad)
    };
    let event_id = event_id::of(&header).map_err(BadEnvelope::HeaderId)?;
    let items = items.into_iter().enumerate().map(understand).collect::<Result<_, _>>()?;
    Ok(Understood { event_id, items })
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
        _ => Received::Other,
    })
}

fn object(payload: &[u8]) -> Result<Value, String> {
    let object: Map<String, Value> = serde_json::from_slice(payload)
        .map_err(|error| format!("its payload is not a JSON object: {error}"))?;
    Ok(Value::Object(object))
}

/// The entries of an item container: `{"items": […]}`, each with its share of the bytes.
fn contained(payload: &[u8]) -> Result<Vec<Weighed<Value>>, String> {
    let Value::Array(items) = object(payload)?["items"].take() else {
        return Err("its payload has no list of items".to_owned());
    };
    let share = payload.len() / items.len().max(1);
    Ok(items.into_iter().map(|item| (item, share)).collect())
}

/// The id of the payload, or else of the envelope.
fn event_id(payload: &Value, envelope: &Map<String, Value>) -> Result<String, String> {
    let own = payload.as_object().map_or(Ok(None), event_id::of)?;
    let id = own.map_or_else(|| event_id::of(envelope), |own| Ok(Some(own)))?;
    id.ok_or_else(|| "there is no event_id".to_owned())
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// Numbers and booleans stand where text is meant, for example in user ids.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => text(value),
    }
}

/// Tags are an object in newer SDKs and a list of pairs in older ones.
fn tag(payload: &Value, name: &str) -> Option<String> {
    match &payload["tags"] {
        Value::Object(tags) => tags.get(name).and_then(scalar),
        Value::Array(tags) => tags.iter().find(|pair| pair[0] == name).and_then(|pair| scalar(&pair[1])),
        _ => None,
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
