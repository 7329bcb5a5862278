//! What the items of an envelope mean.

use actix_web::web::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::envelope::{BadEnvelope, Envelope, Item};
use crate::sessions::Count;
use crate::stats::Discarded;
use crate::{grouping, timestamp};

/// An item that was understood.
pub(crate) enum Received {
    Event(Box<Event>),
    Transaction(Box<Transaction>),
    Attachment(Attachment),
    Sessions(Vec<Count>),
    Discarded(Vec<Discarded>),
    Logs(Vec<Value>),
    Metrics(Vec<Value>),
    /// Counted, not looked at.
    Other,
}

/// An error or message event: what lists show of it, and its bytes.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) summary: EventSummary,
    pub(crate) user: Option<String>,
    pub(crate) culprit: Option<String>,
    pub(crate) handled: Option<bool>,
    pub(crate) environment: Option<String>,
    pub(crate) release: Option<String>,
    pub(crate) grouping: Vec<String>,
    pub(crate) dsc: Option<Value>,
    pub(crate) attachments: Vec<Attachment>,
    bytes: Bytes,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct EventSummary {
    pub(crate) event_id: String,
    pub(crate) issue_id: String,
    pub(crate) project: String,
    pub(crate) received_at: f64,
    timestamp: Option<f64>,
    pub(crate) level: String,
    pub(crate) title: String,
    #[serde(rename = "type")]
    pub(crate) ty: Option<String>,
    pub(crate) value: Option<String>,
    transaction: Option<String>,
    pub(crate) service: Option<String>,
    pub(crate) scenario: Option<String>,
    pub(crate) run_id: Option<String>,
    pub(crate) trace_id: Option<String>,
    fingerprint: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Transaction {
    pub(crate) summary: TransactionSummary,
    bytes: Bytes,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct TransactionSummary {
    pub(crate) event_id: String,
    pub(crate) project: String,
    received_at: f64,
    transaction: Option<String>,
    op: Option<String>,
    status: Option<String>,
    duration_ms: Option<f64>,
    pub(crate) trace_id: Option<String>,
    span_id: Option<String>,
    parent_span_id: Option<String>,
    span_count: usize,
    pub(crate) run_id: Option<String>,
    service: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Attachment {
    filename: String,
    content_type: Option<String>,
    pub(crate) bytes: usize,
    attachment_type: String,
}

/// Understands every item of an envelope, or refuses all of it.
pub(crate) fn understand(project: &str, envelope: Envelope) -> Result<Vec<(String, Received)>, BadEnvelope> {
    let Envelope { header, items } = envelope;
    let understand = |(index, item): (usize, Item)| {
        let ty = item.ty.clone();
        let bad = |reason| BadEnvelope::Payload { item: index + 1, ty: ty.clone(), reason };
        one(project, &header, item).map(|received| (ty.clone(), received)).map_err(bad)
    };
    items.into_iter().enumerate().map(understand).collect()
}

fn one(project: &str, envelope: &Map<String, Value>, item: Item) -> Result<Received, String> {
    Ok(match item.ty.as_str() {
        "event" => Received::Event(Box::new(Event::read(project, envelope, item.payload)?)),
        "transaction" => Received::Transaction(Box::new(Transaction::read(project, envelope, item.payload)?)),
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

/// The entries of an item container: `{"items": […]}`.
fn contained(payload: &[u8]) -> Result<Vec<Value>, String> {
    match object(payload)?["items"].take() {
        Value::Array(items) => Ok(items),
        _ => Err("its payload has no list of items".to_owned()),
    }
}

/// The id of the payload or of the envelope, as 32 lower-case hex digits.
fn event_id(payload: &Value, envelope: &Map<String, Value>) -> Result<String, String> {
    let id = payload.get("event_id").or_else(|| envelope.get("event_id")).and_then(Value::as_str);
    let id = id.ok_or("there is no event_id")?;
    let parsed = uuid::Uuid::parse_str(id).map_err(|_| format!("the event_id {id:?} is not a UUID"))?;
    Ok(parsed.simple().to_string())
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// Tags are an object in newer SDKs and a list of pairs in older ones.
fn tag(payload: &Value, name: &str) -> Option<String> {
    match &payload["tags"] {
        Value::Object(tags) => tags.get(name).and_then(text),
        Value::Array(tags) => tags.iter().find(|pair| pair[0] == name).and_then(|pair| text(&pair[1])),
        _ => None,
    }
}

impl Event {
    fn read(project: &str, envelope: &Map<String, Value>, bytes: Bytes) -> Result<Self, String> {
        let event = object(&bytes)?;
        let exception = grouping::exception(&event);
        let ty = exception.and_then(|exception| text(&exception["type"]));
        let message = || grouping::message(&event).unwrap_or_else(|| "<no message>".to_owned());
        let value = exception.map_or_else(|| Some(message()), |exception| text(&exception["value"]));
        let title = match (&ty, &value) {
            (Some(ty), Some(value)) => format!("{ty}: {value}"),
            (Some(only), None) | (None, Some(only)) => only.clone(),
            (None, None) => "<unnamed>".to_owned(),
        };
        let level = text(&event["level"]).unwrap_or_else(|| "error".to_owned());
        let transaction = text(&event["transaction"]);
        let summary = EventSummary {
            event_id: event_id(&event, envelope)?,
            issue_id: String::new(),
            project: project.to_owned(),
            received_at: timestamp::now(),
            timestamp: timestamp::seconds(&event["timestamp"]),
            level,
            title,
            ty,
            value,
            transaction: transaction.clone(),
            service: tag(&event, "service"),
            scenario: tag(&event, "scenario"),
            run_id: tag(&event, "demo.run_id"),
            trace_id: text(&event["contexts"]["trace"]["trace_id"]),
            fingerprint: grouping::sent(&event),
        };
        Ok(Self {
            summary,
            user: text(&event["user"]["id"]),
            culprit: transaction.or_else(|| grouping::top_function(&event).map(str::to_owned)),
            handled: exception.and_then(|exception| exception["mechanism"]["handled"].as_bool()),
            environment: text(&event["environment"]),
            release: text(&event["release"]),
            grouping: grouping::resolved(&event),
            dsc: envelope.get("trace").cloned(),
            attachments: Vec::new(),
            bytes,
        })
    }

    pub(crate) fn payload(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_default()
    }

    /// What it takes of the memory, with its attachments.
    pub(crate) fn size(&self) -> usize {
        self.bytes.len() + self.attachments.iter().map(|attachment| attachment.bytes).sum::<usize>()
    }
}

impl Transaction {
    fn read(project: &str, envelope: &Map<String, Value>, bytes: Bytes) -> Result<Self, String> {
        let payload = object(&bytes)?;
        let trace = &payload["contexts"]["trace"];
        let start = timestamp::seconds(&payload["start_timestamp"]);
        let end = timestamp::seconds(&payload["timestamp"]);
        let summary = TransactionSummary {
            event_id: event_id(&payload, envelope)?,
            project: project.to_owned(),
            received_at: timestamp::now(),
            transaction: text(&payload["transaction"]),
            op: text(&trace["op"]),
            status: text(&trace["status"]),
            duration_ms: start.zip(end).map(|(start, end)| (end - start) * 1_000.0),
            trace_id: text(&trace["trace_id"]),
            span_id: text(&trace["span_id"]),
            parent_span_id: text(&trace["parent_span_id"]),
            span_count: payload["spans"].as_array().map_or(0, Vec::len),
            run_id: tag(&payload, "demo.run_id"),
            service: tag(&payload, "service"),
        };
        Ok(Self { summary, bytes })
    }

    pub(crate) fn payload(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_default()
    }

    pub(crate) fn size(&self) -> usize {
        self.bytes.len()
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
