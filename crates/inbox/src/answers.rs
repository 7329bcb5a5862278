//! What the HTTP API answers. The server writes these types, and clients of the API read them.
//!
//! A reader ignores fields that it does not know, so a later version may add some.
//!
//! Lists take `limit` and `offset`, and say with `more` whether there is more. `GET /api/page` is for the page itself.
//!
//! | path | answer |
//! |---|---|
//! | `GET /api/stats` | counters; `version` rises with each change |
//! | `GET /api/issues?query=&sort=` | issues; a search in Sentry's words; `last_seen`, `first_seen`, `count` or `users` |
//! | `GET /api/issues/{id}`, `PUT {"status": …}` | an issue; resolve it, ignore it, or neither |
//! | `GET /api/issues/{id}/facts` | its releases, its tags, its events over time |
//! | `DELETE /api/issues`, `DELETE /api/all` | forgets issues with their events; forgets everything |
//! | `GET /api/events?query=&issue=&run=&trace=`, `/api/events/{id}` | events; one with attachments, feedback, neighbours |
//! | `GET /api/transactions?query=&run=&trace=`, `/api/transactions/{id}` | transactions, streamed ones among them |
//! | `GET /api/traces?query=&run=`, `/api/traces/{id}` | traces; one with its spans, errors and logs over services |
//! | `GET /api/logs?query=&level=warn,error&trace=`, `/api/metrics` | log entries; metrics |
//! | `GET /api/metrics/names`, `/api/metrics/series?name=&by=&seconds=` | metrics by name; one over time by an attribute |
//! | `GET /api/charts?seconds=` | requests, errors, memory and CPU use of services; crash-free rates of releases |
//! | `GET /api/attachments`, `/api/attachments/{id}` | attachments; the content of one |
//! | `GET /api/monitors?in=` | jobs that check in; as they will be so many seconds later, unless they check in before |
//! | `GET /api/feedback`, `/api/replays`, `/api/sessions`, `/api/client-reports` | what else came |
//! | `GET /api/releases` | releases with commits and deploys, as `sentry-cli` makes them |
//! | `GET /api/debug-files` | debug files that `sentry-cli` has uploaded; their content is not kept |
//! | `/api/0/…` | what `sentry-cli` asks for to make releases and to upload debug files |
//! | `GET /api/envelopes`, `/api/envelopes/{id}`, `/api/envelopes/{id}/raw` | envelopes as they came; the bytes of one |
//! | `GET /api/refusals` | what was not kept, and why |
//! | `GET /api/profilers`, `/api/profile`, `/api/profile/speedscope`, `/api/profile/pprof` | profiles |
//! | `GET /stream` | envelopes as server-sent events |

mod chart;
mod profile;
mod trace;

use serde::{Deserialize, Serialize};

use crate::attachments::Attachment;
use crate::debug_files::DebugFile;
use crate::envelopes::ReceivedEnvelope;
use crate::feedback::Feedback;
use crate::issue::{Issue, IssueStatus};
use crate::issues::SeenRelease;
use crate::monitors::Monitor;
use crate::received::{EventSummary, Payload, TransactionSummary};
use crate::refusals::Refused;
use crate::releases::Release;
use crate::replays::Replay;
use crate::reports::ClientReport;
use crate::sessions::Sessions;
use crate::stats::Discarded;

pub use chart::{
    Charts, MetricNames, MetricPoint, MetricSeries, MetricSeriesOf, NamedMetric, ReleaseChart, ServiceChart,
};

pub use profile::{
    Profile, ProfileFunction, ProfileNode, ProfileTimeline, ProfiledThread, Profiler, Profilers,
};
pub use trace::{Trace, TraceSpan, TraceSummary, Traces};

/// `GET /api/issues`, the one seen last first unless `sort` says otherwise.
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
    /// Its issue; `None` if that is no longer held.
    pub issue: Option<Issue>,
    /// Files that came with it.
    pub attachments: Vec<Attachment>,
    /// What users said of it, newest first.
    pub feedback: Vec<Feedback>,
    /// The event of the same issue before it, as far as one is held.
    pub previous: Option<String>,
    /// The one after it.
    pub next: Option<String>,
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
    /// Files that came with it.
    pub attachments: Vec<Attachment>,
    /// The transaction as it was sent; a streamed one is assembled from its spans.
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

/// `PUT /api/issues/{id}`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Decision {
    /// `resolved`, `ignored` or `unresolved`.
    pub status: IssueStatus,
}

/// `GET /api/issues/{id}/facts`: what the events of an issue have in common, and when they happened.
#[derive(Debug, Serialize, Deserialize)]
pub struct IssueFacts {
    /// In which releases it was seen, the latest first.
    pub releases: Vec<SeenRelease>,
    /// Its events over time, also those that are no longer held.
    pub over_time: OverTime,
    /// Over how many events the tags are counted: those that are held.
    pub events: usize,
    /// The one that most events have first.
    pub tags: Vec<TagFacts>,
}

/// Counts in equal parts of time.
#[derive(Debug, Serialize, Deserialize)]
pub struct OverTime {
    /// Where the first part begins, seconds since 1970.
    pub from: f64,
    /// The length of a part, seconds.
    pub step: f64,
    /// How many in each part.
    pub counts: Vec<u64>,
}

/// A tag, and its values.
#[derive(Debug, Serialize, Deserialize)]
pub struct TagFacts {
    /// Its name.
    pub name: String,
    /// How many events have it.
    pub events: usize,
    /// How many different values it has.
    pub different: usize,
    /// The most frequent ones, the first first.
    pub values: Vec<TagValue>,
}

/// A value of a tag.
#[derive(Debug, Serialize, Deserialize)]
pub struct TagValue {
    /// The value.
    pub value: String,
    /// How many events have it.
    pub count: usize,
}

/// `GET /api/attachments`, newest first.
#[derive(Debug, Serialize, Deserialize)]
pub struct Attachments {
    /// A part of the list.
    pub attachments: Vec<Attachment>,
    /// Whether there is more beyond it.
    pub more: bool,
}

/// `GET /api/feedback`, newest first.
#[derive(Debug, Serialize, Deserialize)]
pub struct FeedbackList {
    /// A part of the list.
    pub feedback: Vec<Feedback>,
    /// Whether there is more beyond it.
    pub more: bool,
}

/// `GET /api/monitors`, the one that checked in last first.
#[derive(Debug, Serialize, Deserialize)]
pub struct Monitors {
    /// All of them.
    pub monitors: Vec<Monitor>,
}

/// `GET /api/releases`, the one that was made last first.
#[derive(Debug, Serialize, Deserialize)]
pub struct Releases {
    /// All that are held.
    pub releases: Vec<Release>,
}

/// `GET /api/debug-files`, the one that came last first.
#[derive(Debug, Serialize, Deserialize)]
pub struct DebugFiles {
    /// All that are held.
    pub debug_files: Vec<DebugFile>,
}

/// `GET /api/replays`, the most recently updated first.
#[derive(Debug, Serialize, Deserialize)]
pub struct Replays {
    /// All that are known.
    pub replays: Vec<Replay>,
}

/// `GET /api/client-reports`.
#[derive(Debug, Serialize, Deserialize)]
pub struct ClientReports {
    /// The sums by reason and category.
    pub discarded: Vec<Discarded>,
    /// The last reports, newest first.
    pub reports: Vec<ClientReport>,
}

/// `GET /api/envelopes`, newest first.
#[derive(Debug, Serialize, Deserialize)]
pub struct Envelopes {
    /// A part of the list.
    pub envelopes: Vec<ReceivedEnvelope>,
    /// Whether there is more beyond it.
    pub more: bool,
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
