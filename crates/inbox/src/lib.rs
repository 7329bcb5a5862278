//! An embedded receiver of Sentry envelopes, and a page that shows what arrived.
//!
//! - `envelope`: bytes → items, strictly, with a reason for what is refused
//! - `received`: items → events, transactions, sessions …
//! - `shape`: what SDKs of all years send, in one shape; `parameters`: what differs from message to message
//! - `grouping`, `user`, `issues`, `store`: events → issues, in memory; `weight`: how much of it, which is bounded
//! - `spans`, `traces`: spans of many services → one trace; `profiles`: profile chunks → flame graphs; `charts`: over time
//! - `attachments`, `feedback`, `monitors`, `releases`, `replays`, `reports`, `sessions`, `envelopes`: what else is kept
//! - `query`, `search`, `facts`: what is looked for, and by what
//! - `server`, `api`, [`page`]: HTTP; [`answers`]: what it answers; `ingest`, `upload`: bodies, decompressed within bounds
//! - `forward`: a copy for another server; `hosts`: who may look
//!
//! ```no_run
//! # async fn test() -> Result<(), Box<dyn std::error::Error>> {
//! let inbox = inbox::Inbox::start().await?;
//! // … point a Sentry client at inbox.dsn(), break something …
//! inbox.wait_until("an event", |inbox| !inbox.events().is_empty()).await?;
//! assert_eq!(inbox.events()[0]["level"], "fatal");
//! # Ok(()) }
//! ```

mod answer;
pub mod answers;
mod api;
mod as_sent;
mod attachments;
mod charts;
mod debug_files;
mod envelope;
mod envelopes;
mod event_id;
mod facts;
mod feedback;
mod forward;
#[cfg(test)]
mod fuzz;
mod grouping;
mod hosts;
mod ingest;
mod issue;
mod issues;
mod monitors;
mod options;
pub mod page;
mod parameters;
mod profiles;
mod query;
mod received;
mod refusal;
mod refusals;
mod releases;
mod replays;
mod reports;
mod ring;
mod search;
mod seen;
mod server;
mod sessions;
mod shape;
mod spans;
mod stats;
mod store;
mod surrogates;
mod text;
pub mod timestamp;
mod traces;
mod upload;
mod user;
pub mod variables;
mod weight;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Bytes;
use serde_json::Value;
use tokio::time::Instant;

use server::{Running, Settings};
use store::{State, Store};

pub use answer::Answer;
pub use attachments::Attachment;
pub use debug_files::DebugFile;
pub use envelopes::{ReceivedEnvelope, ReceivedItem};
pub use feedback::Feedback;
pub use hosts::{AllowedHosts, BadHost};
pub use issue::{Issue, IssueStatus};
pub use issues::SeenRelease;
pub use monitors::{CheckIn, Monitor, MonitorState};
pub use options::Options;
pub use received::{EventSummary, Payload, TransactionSummary};
pub use refusals::Refused;
pub use releases::{Commit, Deploy, Release};
pub use replays::Replay;
pub use reports::ClientReport;
pub use reqwest::Url;
pub use sessions::Sessions;
pub use stats::{Discarded, Held, Stats};
pub use store::Limits;

/// How long [`Inbox::wait_until`] waits while nothing arrives, and how long it waits at all: a busy machine is slow.
const PATIENCE: Duration = Duration::from_mins(3);
const LIMIT: Duration = Duration::from_secs(600);

/// The inbox cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("cannot listen on {addr}: {source}")]
    Bind {
        /// The address.
        addr: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// An addition to the page has a name that cannot be served.
    #[error(
        "the page cannot have the file `{0}`: a name ends in .js, .css or .svg and is used once, and each tab is a file"
    )]
    File(String),
    /// The system gives no thread.
    #[error("no thread for the inbox: {0}")]
    Thread(#[source] std::io::Error),
}

/// A wait for something that did not happen.
#[derive(Debug, thiserror::Error)]
#[error("waited {seconds} s for {what}; the inbox has {stats:?}")]
pub struct Timeout {
    what: String,
    seconds: u64,
    stats: Box<Stats>,
}

/// A started receiver; dropping it stops it.
#[derive(Debug)]
pub struct Inbox {
    store: Arc<Store>,
    server: Running,
}

impl Inbox {
    /// Starts on a free loopback port.
    pub async fn start() -> Result<Self, StartError> {
        Self::start_with(Options::default()).await
    }

    /// Starts as configured. The server has a thread of its own, whatever runtime the caller has.
    pub async fn start_with(options: Options) -> Result<Self, StartError> {
        options.page.check()?;
        let store = Arc::new(Store::new(options.limits, options.keep_raw));
        let server = Running::start(
            options.addr,
            Arc::clone(&store),
            options.answer,
            Settings { forward: options.forward, hosts: options.allowed_hosts, page: options.page },
        )
        .await?;
        Ok(Self { store, server })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.server.addr()
    }

    /// Its page and API, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr())
    }

    /// A DSN for project 1.
    pub fn dsn(&self) -> String {
        self.dsn_for(1)
    }

    /// A DSN for a project. Any key is accepted.
    pub fn dsn_for(&self, project: u32) -> String {
        format!("http://inbox@{}/{project}", self.addr())
    }

    /// Changes how envelopes are answered from now on.
    pub fn set_answer(&self, answer: Answer) {
        self.server.set_answer(answer);
    }

    /// The events as they were sent, oldest first.
    pub fn events(&self) -> Vec<Value> {
        // Read after the lock is let go: clients wait for it.
        let payloads = |state: &State| state.events.iter().map(|it| it.payload.clone()).collect::<Vec<_>>();
        self.store.read(payloads).iter().map(Payload::read).collect()
    }

    /// The transactions as they were sent, oldest first; of a streamed one, the span at its root.
    pub fn transactions(&self) -> Vec<Value> {
        let payloads =
            |state: &State| state.transactions.iter().map(|it| it.payload.clone()).collect::<Vec<_>>();
        self.store.read(payloads).iter().map(Payload::read).collect()
    }

    /// What lists show of the events and transactions of a run or a trace, oldest first.
    pub fn caused_by(&self, run: &str, trace: Option<&str>) -> (Vec<EventSummary>, Vec<TransactionSummary>) {
        let own = |of_run: &Option<String>, of_trace: &Option<String>| {
            of_run.as_deref() == Some(run) || (trace.is_some() && of_trace.as_deref() == trace)
        };
        self.store.read(|state| {
            let events = state.events.iter().map(|it| &it.summary).filter(|it| own(&it.run_id, &it.trace_id));
            let transactions = state.transactions.iter().map(|it| &it.summary);
            let transactions = transactions.filter(|it| own(&it.run_id, &it.trace_id));
            (events.cloned().collect(), transactions.cloned().collect())
        })
    }

    /// What lists show of the events and transactions that arrived after a time, seconds since 1970; newest first.
    pub fn arrived_since(&self, time: f64) -> (Vec<EventSummary>, Vec<TransactionSummary>) {
        self.store.read(|state| {
            let events = state.events.iter().rev().map(|it| &it.summary);
            let transactions = state.transactions.iter().rev().map(|it| &it.summary);
            (
                events.take_while(|it| it.received_at > time).cloned().collect(),
                transactions.take_while(|it| it.received_at > time).cloned().collect(),
            )
        })
    }

    /// The newest transaction of a service, by its tag, as it was sent.
    pub fn newest_transaction_of(&self, service: &str) -> Option<Value> {
        let own = |summary: &TransactionSummary| summary.service.as_deref() == Some(service);
        let newest = |state: &State| {
            state.transactions.iter().rev().find(|it| own(&it.summary)).map(|it| it.payload.clone())
        };
        self.store.read(newest).map(|payload| payload.read())
    }

    /// The issues, newest first.
    pub fn issues(&self) -> Vec<Issue> {
        self.store.read(State::issues_newest_first)
    }

    /// Release-health sessions by release.
    pub fn sessions(&self) -> Vec<Sessions> {
        self.store.read(|state| state.sessions.all())
    }

    /// The monitors, the one that checked in last first, each with its state of now.
    pub fn monitors(&self) -> Vec<Monitor> {
        self.store.pass_time(timestamp::now());
        self.store.read(|state| state.monitors.all())
    }

    /// The log entries as they were sent, oldest first.
    pub fn logs(&self) -> Vec<Value> {
        let entries = |state: &State| state.logs.iter().map(|it| it.payload.clone()).collect::<Vec<_>>();
        self.store.read(entries).iter().map(Payload::read).collect()
    }

    /// The metrics as they were sent, oldest first.
    pub fn metrics(&self) -> Vec<Value> {
        let entries = |state: &State| state.metrics.iter().map(|it| it.payload.clone()).collect::<Vec<_>>();
        self.store.read(entries).iter().map(Payload::read).collect()
    }

    /// Counters.
    pub fn stats(&self) -> Stats {
        self.store.read(State::stats)
    }

    /// The bytes of every envelope, decompressed, oldest first; empty unless [`Options::keep_raw`] is set.
    pub fn received_bytes(&self) -> Vec<Bytes> {
        self.store.read(|state| state.raw.clone().unwrap_or_default())
    }

    /// Waits until the condition holds; looks whenever something arrived. Gives up when nothing has arrived for three minutes.
    pub async fn wait_until(&self, what: &str, holds: impl Fn(&Self) -> bool) -> Result<(), Timeout> {
        let mut changes = self.store.changes();
        let began = Instant::now();
        loop {
            let look = std::time::Instant::now();
            if holds(self) {
                return Ok(());
            }
            // A look may read everything that is held. It must not take the processor from those that it waits for.
            tokio::time::sleep(look.elapsed()).await;
            let left = LIMIT.saturating_sub(began.elapsed()).min(PATIENCE);
            // The sender lives in the store: it cannot be gone.
            if tokio::time::timeout(left, changes.changed()).await.is_err() {
                let (what, seconds) = (what.to_owned(), began.elapsed().as_secs());
                return Err(Timeout { what, seconds, stats: Box::new(self.stats()) });
            }
        }
    }
}
