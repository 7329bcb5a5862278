//! What users say: [feedback](https://develop.sentry.dev/application-architecture/feedback-architecture/) of today, and
//! the older user reports about an event.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::received::fields::{event_id, scalar, text};
use crate::text::{LONG, clip};
use crate::timestamp;
use crate::weight::{Weigh, heap_of};

/// Most that are kept, and most bytes of them.
pub(crate) const MAX_FEEDBACK: usize = 1_000;
pub(crate) const MAX_BYTES: usize = 8 * 1024 * 1024;

/// Longest message that is kept, bytes: Sentry's own limit.
const MAX_MESSAGE: usize = 4_096;

/// What a user says.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Feedback {
    /// Its own id; that of the event for a user report.
    pub feedback_id: String,
    /// The event that it is about.
    pub event_id: Option<String>,
    /// The project in the DSN.
    pub project: String,
    /// Arrival, seconds since 1970.
    pub received_at: f64,
    /// What the user says, 4,096 bytes of it.
    pub message: String,
    /// Who says it.
    pub name: Option<String>,
    /// How to answer.
    pub email: Option<String>,
    /// The page on which it was said.
    pub url: Option<String>,
    /// Such as `widget`.
    pub source: Option<String>,
    /// Its trace.
    pub trace_id: Option<String>,
    /// The recording of the user's session.
    pub replay_id: Option<String>,
    /// The environment.
    pub environment: Option<String>,
    /// The release.
    pub release: Option<String>,
}

impl Feedback {
    /// A `feedback` item: an event with a context of its own.
    pub(crate) fn read(project: &str, envelope: &Map<String, Value>, event: &Value) -> Result<Self, String> {
        let context = &event["contexts"]["feedback"];
        let message = context["message"].as_str().ok_or("it has no message")?;
        let long = |value: &Value| value.as_str().map(|text| clip(text, LONG));
        Ok(Self {
            feedback_id: event_id(event, envelope),
            event_id: text(&context["associated_event_id"]).map(|id| crate::event_id::plain(&id)),
            project: project.to_owned(),
            received_at: timestamp::now(),
            message: clip(message, MAX_MESSAGE),
            name: text(&context["name"]),
            email: text(&context["contact_email"]),
            url: long(&context["url"]).or_else(|| long(&event["request"]["url"])),
            source: text(&context["source"]),
            trace_id: text(&event["contexts"]["trace"]["trace_id"]),
            replay_id: text(&context["replay_id"]),
            environment: scalar(&event["environment"]),
            release: scalar(&event["release"]),
        })
    }

    /// A `user_report` item.
    pub(crate) fn of_report(
        project: &str,
        envelope: &Map<String, Value>,
        report: &Value,
    ) -> Result<Self, String> {
        let id = event_id(report, envelope);
        Ok(Self {
            event_id: Some(id.clone()),
            feedback_id: id,
            project: project.to_owned(),
            received_at: timestamp::now(),
            message: clip(report["comments"].as_str().ok_or("it has no comments")?, MAX_MESSAGE),
            name: text(&report["name"]),
            email: text(&report["email"]),
            url: None,
            source: Some("user_report".to_owned()),
            trace_id: None,
            replay_id: None,
            environment: None,
            release: None,
        })
    }
}

impl Weigh for Feedback {
    fn heap(&self) -> usize {
        heap_of([
            &self.feedback_id,
            &self.event_id,
            &self.project,
            &self.message,
            &self.name,
            &self.email,
            &self.url,
            &self.source,
            &self.trace_id,
            &self.replay_id,
            &self.environment,
            &self.release,
        ])
    }
}
