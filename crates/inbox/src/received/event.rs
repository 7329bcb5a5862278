//! Errors and messages.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Attachment, Payload, event_id, object, scalar, tag, text};
use crate::{grouping, timestamp};

/// An error or message event: what lists show of it, and its payload.
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
            user: scalar(&event["user"]["id"]),
            culprit: transaction.or_else(|| grouping::top_function(&event).map(str::to_owned)),
            handled: exception.and_then(|exception| exception["mechanism"]["handled"].as_bool()),
            environment: text(&event["environment"]),
            release: text(&event["release"]),
            grouping: grouping::resolved(&event),
            dsc: envelope.get("trace").cloned(),
            attachments: Vec::new(),
            payload: Payload::copied(payload),
        })
    }
}
