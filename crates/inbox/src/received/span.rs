//! Spans that come by themselves: one in an item, or
//! [many of one trace](https://develop.sentry.dev/sdk/telemetry/spans/span-protocol/) in a container.

use serde_json::{Map, Value, json};

use super::fields::{scalar, tag, text};
use super::{Payload, contained, object};
use crate::timestamp;
use crate::weight::{Weigh, heap_of};

/// The content type of a container of spans.
const CONTAINER: &str = "application/vnd.sentry.items.span.v2+json";

/// A span that belongs to no transaction item.
#[derive(Debug)]
pub(crate) struct Span {
    pub(crate) project: String,
    pub(crate) received_at: f64,
    pub(crate) trace_id: String,
    pub(crate) span_id: String,
    pub(crate) parent_span_id: Option<String>,
    /// The span at the root of its service's part of the trace.
    pub(crate) segment_id: Option<String>,
    pub(crate) is_segment: bool,
    pub(crate) op: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) start: Option<f64>,
    pub(crate) end: Option<f64>,
    pub(crate) service: Option<String>,
    pub(crate) release: Option<String>,
    pub(crate) environment: Option<String>,
    pub(crate) run_id: Option<String>,
    /// As it was sent.
    pub(crate) payload: Payload,
}

impl Span {
    /// Those of a `span` item.
    pub(super) fn read(
        project: &str,
        content_type: Option<&str>,
        payload: &[u8],
    ) -> Result<Vec<Self>, String> {
        let media_type = content_type.and_then(|it| it.split(';').next()).unwrap_or_default().trim();
        if media_type.eq_ignore_ascii_case(CONTAINER) {
            let entries = contained(payload)?;
            return entries.into_iter().map(|entry| Self::of(project, entry)).collect();
        }
        object(payload)?;
        Ok(vec![Self::of(project, Payload::read_from(payload)?)?])
    }

    fn of(project: &str, payload: Payload) -> Result<Self, String> {
        let span = payload.read();
        let id = |name: &str| text(&span[name]).filter(|id| !id.is_empty());
        let data = |name: &str| scalar(attribute(&span, name));
        let span_id = id("span_id").ok_or("a span has no span_id")?;
        let is_segment = span["is_segment"] == true || id("segment_id").as_ref() == Some(&span_id);
        let description = ["name", "description"].into_iter().find_map(|name| text(&span[name]));
        let service = tag(&span, "service").or_else(|| data("service")).or_else(|| data("service.name"));
        Ok(Self {
            project: project.to_owned(),
            received_at: timestamp::now(),
            trace_id: id("trace_id").ok_or("a span has no trace_id")?,
            parent_span_id: id("parent_span_id"),
            segment_id: data("sentry.segment.id").or_else(|| id("segment_id")),
            is_segment,
            op: text(&span["op"]).or_else(|| data("sentry.op")),
            description: description.or_else(|| data("sentry.description")),
            status: text(&span["status"]).or_else(|| data("sentry.status")),
            start: timestamp::seconds(&span["start_timestamp"]),
            end: ["end_timestamp", "timestamp"].into_iter().find_map(|name| timestamp::seconds(&span[name])),
            service,
            release: data("sentry.release"),
            environment: data("sentry.environment"),
            run_id: tag(&span, "demo.run_id").or_else(|| data("demo.run_id")),
            span_id,
            payload,
        })
    }

    /// The id under which a segment is listed among the transactions: half of its trace's, and its own.
    pub(crate) fn transaction_id(&self) -> String {
        let half: String = self.trace_id.chars().take(16).collect();
        format!("{half}{}", self.span_id)
    }

    pub(crate) fn seconds(&self) -> Option<f64> {
        self.start.zip(self.end).map(|(start, end)| end - start)
    }

    /// As one of the spans in a transaction.
    pub(crate) fn in_transaction(&self) -> Value {
        json!({
            "trace_id": self.trace_id,
            "span_id": self.span_id,
            "parent_span_id": self.parent_span_id,
            "op": self.op,
            "description": self.description,
            "status": self.status,
            "start_timestamp": self.start,
            "timestamp": self.end,
            "data": attributes(&self.payload.read()),
        })
    }

    /// As a transaction with these spans.
    pub(crate) fn as_transaction(&self, spans: Vec<Value>) -> Value {
        let data = attributes(&self.payload.read());
        let user = ["id", "email", "username", "ip_address"].into_iter().filter_map(|name| {
            let names = [format!("user.{name}"), format!("user.{}", name.replace("username", "name"))];
            names.iter().find_map(|key| Some((name.to_owned(), data.get(key)?.clone())))
        });
        let user: Map<String, Value> = user.collect();
        json!({
            "type": "transaction",
            "event_id": self.transaction_id(),
            "transaction": self.description,
            "start_timestamp": self.start,
            "timestamp": self.end,
            "release": self.release,
            "environment": self.environment,
            "user": if user.is_empty() { Value::Null } else { Value::Object(user) },
            "tags": if let Some(service) = &self.service { json!({ "service": service }) } else { json!({}) },
            "contexts": { "trace": {
                "trace_id": self.trace_id,
                "span_id": self.span_id,
                "parent_span_id": self.parent_span_id,
                "op": self.op,
                "status": self.status,
                "data": data,
            } },
            "spans": spans,
        })
    }
}

/// An attribute of a span: `{"type": …, "value": …}` of today, or a value of the older `data`.
fn attribute<'a>(span: &'a Value, name: &str) -> &'a Value {
    match &span["attributes"][name] {
        Value::Object(typed) => typed.get("value").unwrap_or(&Value::Null),
        Value::Null => &span["data"][name],
        plain => plain,
    }
}

/// All of them, as plain values.
fn attributes(span: &Value) -> Map<String, Value> {
    let names = |name: &str| span[name].as_object().into_iter().flatten().map(|(name, _)| name.clone());
    let names = names("data").chain(names("attributes"));
    names.map(|name| (name.clone(), attribute(span, &name).clone())).collect()
}

impl Weigh for Span {
    fn heap(&self) -> usize {
        heap_of([
            &self.project,
            &self.trace_id,
            &self.span_id,
            &self.parent_span_id,
            &self.segment_id,
            &self.op,
            &self.description,
            &self.status,
            &self.service,
            &self.release,
            &self.environment,
            &self.run_id,
            &self.payload,
        ])
    }
}
