//! What the HTTP API answers. The server writes these types, and clients of the API read them.
//!
//! A reader ignores fields that it does not know, so a later version may add some.

mod profile;

use serde::{Deserialize, Serialize};

use crate::issue::Issue;
use crate::received::{Attachment, EventSummary, Payload, TransactionSummary};
use crate::refusals::Refused;
use crate::sessions::Sessions;

pub use profile::{
    Profile, ProfileFunction, ProfileNode, ProfileTimeline, ProfiledThread, Profiler, Profilers,
};

/// `GET /api/issues`, newest first.
#[derive(Debug, Serialize, Deserialize)]
pub struct Issues {
    /// A part of the list.
    pub issues: Vec<Issue>,
    /// Whether there is more beyond it.
    pub more: bool,
}

/// `GET /api/events`, newest first.
#[derive(Debug, Serialize, Deserialize)]
pub struct Events {
    /// A part of the list.
    pub events: Vec<EventSummary>,
    /// Whether there is more beyond it.
    pub more: bool,
}

/// `GET /api/transactions`, newest first.
#[derive(Debug, Serialize, Deserialize)]
pub struct Transactions {
    /// A part of the list.
    pub transactions: Vec<TransactionSummary>,
    /// Whether there is more beyond it.
    pub more: bool,
}

/// `GET /api/refusals`, newest first.
#[derive(Debug, Serialize, Deserialize)]
pub struct Refusals {
    /// The last of them.
    pub refusals: Vec<Refused>,
}

/// `GET /api/logs`, newest first.
#[derive(Debug, Serialize, Deserialize)]
pub struct Logs {
    /// A part of the list.
    pub logs: Vec<Payload>,
    /// Whether there is more beyond it.
    pub more: bool,
}

/// `GET /api/metrics`, newest first.
#[derive(Debug, Serialize, Deserialize)]
pub struct Metrics {
    /// A part of the list.
    pub metrics: Vec<Payload>,
    /// Whether there is more beyond it.
    pub more: bool,
}

/// `GET /api/sessions`, by release.
#[derive(Debug, Serialize, Deserialize)]
pub struct SessionsByRelease {
    /// All of them.
    pub sessions: Vec<Sessions>,
}

/// `GET /api/events/{id}`.
#[derive(Debug, Serialize, Deserialize)]
pub struct EventDetails {
    /// What lists show of it.
    pub summary: EventSummary,
    /// Its issue; `None` where that is no longer held.
    pub issue: Option<Issue>,
    /// What came with it.
    pub attachments: Vec<Attachment>,
    /// The dynamic sampling context of its envelope.
    pub dsc: Option<Payload>,
    /// The event as it was sent.
    pub event: Payload,
}

/// `GET /api/transactions/{id}`.
#[derive(Debug, Serialize, Deserialize)]
pub struct TransactionDetails {
    /// What lists show of it.
    pub summary: TransactionSummary,
    /// Events of its trace, newest first.
    pub errors: Vec<EventSummary>,
    /// The transaction as it was sent.
    pub transaction: Payload,
}

/// `GET /api/page`: what the embedding program adds to the page.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Page {
    /// Paths of modules that export a tab, in the order of the tabs.
    pub tabs: Vec<String>,
    /// What to propose while there is nothing to show.
    pub hints: Hints,
}

/// Commands that a reader can copy from an empty page.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Hints {
    /// Each makes an event.
    pub events: Vec<String>,
    /// Each makes a process work, so that it is profiled.
    pub profiles: Vec<String>,
}

/// Every answer to a request that is turned away.
#[derive(Debug, Serialize, Deserialize)]
pub struct Refusal {
    /// Why.
    pub error: String,
    /// The status in words, such as `NotFound`.
    #[serde(rename = "type")]
    pub ty: String,
}
