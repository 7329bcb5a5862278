//! Errors and messages.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Attachment, Payload, event_id, object, scalar, tag, text};
use crate::grouping::{self, Grouping};
use crate::text::{LONG, SHORT, clip};
use crate::timestamp;
use crate::weight::{Weigh, heap_of};

/// An error or message event: what lists show of it, and its payload.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) summary: EventSummary,
    /// A hash of the user's id.
    pub(crate) user: Option<u128>,
    pub(crate) culprit: Option<String>,
    pub(crate) handled: Option<bool>,
    pub(crate) environment: Option<String>,
    pub(crate) release: Option<String>,
    pub(crate) grouping: Grouping,
    pub(crate) dsc: Option<Payload>,
    pub(crate) attachments: Vec<Attachment>,
    pub(crate) payload: Payload,
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

impl Event {
    pub(super) fn read(project: &str, envelope: &Map<String, Value>, payload: &[u8]) -> Result<Self, String> {
        let event = object(payload)?;
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
            user: whole(&event["user"]["id"]).map(|user| grouping::hash(&user)),
            culprit: transaction.or_else(|| grouping::top_function(&event).map(|name| clip(name, SHORT))),
            handled: exception.and_then(|exception| exception["mechanism"]["handled"].as_bool()),
            environment: text(&event["environment"]),
            release: text(&event["release"]),
            grouping: Grouping::of(project, &event),
            dsc: envelope
                .get("trace")
                .map(|dsc| Payload::read_from(dsc.to_string().as_bytes()))
                .transpose()?,
            attachments: Vec::new(),
            payload: Payload::read_from(payload)?,
        })
    }
}

fn long(value: &Value) -> Option<String> {
    value.as_str().map(|text| clip(text, LONG))
}

/// Ids that differ beyond what lists show are different users.
fn whole(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned).or_else(|| scalar(value))
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
            &self.dsc,
            &self.attachments,
            &self.payload,
        ])
    }
}
