//! Events of one fingerprint, as one line.

use serde::{Deserialize, Serialize};

use crate::received::Event;
use crate::weight::{Weigh, heap_of};

/// What somebody has decided of an issue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IssueStatus {
    /// Nothing yet, or it came again after it was resolved.
    #[default]
    Unresolved,
    /// It is fixed. An event that comes all the same makes it unresolved and regressed.
    Resolved,
    /// Nobody wants to hear of it.
    Ignored,
}

/// A group of events. Its count outlives events that are forgotten.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Issue {
    /// Its number.
    pub id: String,
    /// The project in the DSN.
    pub project: String,
    /// Tag `service` of the latest event.
    pub service: Option<String>,
    /// `Type: value`, or the message.
    pub title: String,
    /// Exception type; none for messages.
    #[serde(rename = "type")]
    pub ty: Option<String>,
    /// Exception value, or the message.
    pub value: Option<String>,
    /// Level of the latest event.
    pub level: String,
    /// The transaction, or the function on top.
    pub culprit: Option<String>,
    /// Was the error expected? None for messages.
    pub handled: Option<bool>,
    /// What the events have in common, `{{ default }}` resolved.
    pub fingerprint: Vec<String>,
    /// How many events there were.
    pub count: u64,
    /// How many different users they affected.
    pub users: usize,
    /// Seconds since 1970.
    pub first_seen: f64,
    /// Seconds since 1970.
    pub last_seen: f64,
    /// The latest event.
    pub last_event_id: String,
    /// Environment of the latest event.
    pub environment: Option<String>,
    /// Release of the latest event.
    pub release: Option<String>,
    /// Tag `scenario` of the latest event.
    pub scenario: Option<String>,
    /// What somebody has decided of it.
    #[serde(default)]
    pub status: IssueStatus,
    /// Whether it came again after it was resolved.
    #[serde(default)]
    pub regressed: bool,
}

impl Issue {
    /// Without any event yet.
    pub(crate) fn new(id: String, event: &Event) -> Self {
        let summary = &event.summary;
        Self {
            id,
            project: summary.project.clone(),
            service: None,
            title: String::new(),
            ty: None,
            value: None,
            level: String::new(),
            culprit: None,
            handled: None,
            fingerprint: event.grouping.shown.clone(),
            count: 0,
            users: 0,
            first_seen: summary.received_at,
            last_seen: summary.received_at,
            last_event_id: String::new(),
            environment: None,
            release: None,
            scenario: None,
            status: IssueStatus::Unresolved,
            regressed: false,
        }
    }

    /// Counts one more event; the latest one is what the issue looks like.
    pub(crate) fn add(&mut self, event: &Event) {
        let summary = &event.summary;
        self.count += 1;
        if self.status == IssueStatus::Resolved {
            (self.status, self.regressed) = (IssueStatus::Unresolved, true);
        }
        self.service.clone_from(&summary.service);
        self.title.clone_from(&summary.title);
        self.ty.clone_from(&summary.ty);
        self.value.clone_from(&summary.value);
        self.level.clone_from(&summary.level);
        self.culprit.clone_from(&event.culprit);
        self.handled = event.handled;
        self.last_seen = summary.received_at;
        self.last_event_id.clone_from(&summary.event_id);
        self.environment.clone_from(&event.environment);
        self.release.clone_from(&event.release);
        self.scenario.clone_from(&summary.scenario);
    }
}

impl Issue {
    /// What somebody decides of it.
    pub(crate) fn decide(&mut self, status: IssueStatus) {
        self.status = status;
        self.regressed = false;
    }
}

impl Weigh for Issue {
    fn heap(&self) -> usize {
        heap_of([
            &self.id,
            &self.project,
            &self.service,
            &self.title,
            &self.ty,
            &self.value,
            &self.level,
            &self.culprit,
            &self.fingerprint,
            &self.last_event_id,
            &self.environment,
            &self.release,
            &self.scenario,
        ])
    }
}
