//! Errors and messages.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::fields::{event_id, scalar, tag, text};
use super::{Payload, object};
use crate::facts::{self, Facts};
use crate::grouping::{self, Grouping};
use crate::text::{LONG, SHORT, clip};
use crate::weight::{Weigh, heap_of};
use crate::{shape, timestamp, user};

/// An error or message event: what lists show of it, and its payload.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) summary: EventSummary,
    /// A hash of what distinguishes its user.
    pub(crate) user: Option<u128>,
    pub(crate) culprit: Option<String>,
    pub(crate) handled: Option<bool>,
    pub(crate) environment: Option<String>,
    pub(crate) release: Option<String>,
    pub(crate) grouping: Grouping,
    /// What it is searched by: its tags, and more.
    pub(crate) facts: Facts,
    /// What its process measured of itself.
    pub(crate) memory_mb: Option<f64>,
    pub(crate) cpu_percent: Option<f64>,
    /// Whether it is no error, but what a user says.
    pub(super) is_feedback: bool,
    pub(crate) dsc: Option<Payload>,
    pub(crate) payload: Payload,
}

/// What lists show of an event.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct EventSummary {
    /// Its id, 32 hex digits.
    pub event_id: String,
    /// The issue to which it belongs.
    pub issue_id: String,
    /// The project in the DSN.
    pub project: String,
    /// Arrival, seconds since 1970.
    pub received_at: f64,
    /// When it happened, seconds since 1970.
    pub timestamp: Option<f64>,
    /// Its level.
    pub level: String,
    /// `Type: value`, or the message.
    pub title: String,
    /// Exception type; none for messages.
    #[serde(rename = "type")]
    pub ty: Option<String>,
    /// Exception value, or the message.
    pub value: Option<String>,
    /// Name of its transaction.
    pub transaction: Option<String>,
    /// Tag `service`.
    pub service: Option<String>,
    /// Tag `scenario`.
    pub scenario: Option<String>,
    /// Tag `demo.run_id`.
    pub run_id: Option<String>,
    /// Its trace.
    pub trace_id: Option<String>,
    /// The span in which it happened.
    #[serde(default)]
    pub span_id: Option<String>,
    /// Its fingerprint, as it was sent.
    pub fingerprint: Vec<String>,
}

impl Event {
    pub(super) fn read(project: &str, envelope: &Map<String, Value>, payload: &[u8]) -> Result<Self, String> {
        let Value::Object(event) = object(payload)? else {
            return Err("its payload is no object".to_owned());
        };
        let event = shape::canonical(event);
        let exception = grouping::exception(&event);
        let ty = exception.and_then(|exception| text(&exception["type"]));
        let message =
            || grouping::message(&event).map_or_else(|| "<no message>".to_owned(), |it| clip(&it, LONG));
        let value = exception.map_or_else(|| Some(message()), |exception| long(&exception["value"]));
        let title = match (&ty, &value) {
            (Some(ty), Some(value)) => clip(&format!("{ty}: {value}"), LONG),
            (Some(only), None) | (None, Some(only)) => only.clone(),
            (None, None) => "<unnamed>".to_owned(),
        };
        let level = text(&event["level"]).unwrap_or_else(|| "error".to_owned());
        let transaction = scalar(&event["transaction"]).filter(|name| !name.is_empty());
        let summary = EventSummary {
            event_id: event_id(&event, envelope),
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
            span_id: text(&event["contexts"]["trace"]["span_id"]),
            fingerprint: grouping::sent(&event),
        };
        Ok(Self {
            summary,
            user: user::of(&event["user"], payload),
            culprit: transaction.or_else(|| grouping::top_function(&event).map(|name| clip(name, SHORT))),
            handled: exception.and_then(|exception| exception["mechanism"]["handled"].as_bool()),
            environment: scalar(&event["environment"]),
            release: scalar(&event["release"]),
            grouping: Grouping::of(project, &event),
            facts: facts::of_event(&event),
            memory_mb: event["contexts"]["runtime"]["memory_mb"].as_f64(),
            cpu_percent: event["contexts"]["runtime"]["cpu_percent"].as_f64(),
            is_feedback: event["type"] == "feedback",
            dsc: envelope
                .get("trace")
                .map(|dsc| Payload::read_from(dsc.to_string().as_bytes()))
                .transpose()?,
            payload: Payload::read_from(payload)?,
        })
    }
}

fn long(value: &Value) -> Option<String> {
    value.as_str().map(|text| clip(text, LONG))
}

impl Weigh for EventSummary {
    fn heap(&self) -> usize {
        heap_of([
            &self.event_id,
            &self.issue_id,
            &self.project,
            &self.level,
            &self.title,
            &self.ty,
            &self.value,
            &self.transaction,
            &self.service,
            &self.scenario,
            &self.run_id,
            &self.trace_id,
            &self.span_id,
            &self.fingerprint,
        ])
    }
}

impl Weigh for Event {
    fn heap(&self) -> usize {
        heap_of([
            &self.summary,
            &self.culprit,
            &self.environment,
            &self.release,
            &self.grouping.shown,
            &self.facts,
            &self.dsc,
            &self.payload,
        ])
    }
}
