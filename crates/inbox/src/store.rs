//! Everything that is held, behind one short lock.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use actix_web::web::Bytes;
use serde_json::Value;
use tokio::sync::watch;

use crate::envelope::{self, BadEnvelope};
use crate::issue::Issue;
use crate::received::{Attachment, Event, Received, Transaction, Understood, Weighed, understand};
use crate::ring::Ring;
use crate::sessions::Sums;
use crate::stats::{Discarded, Held, Stats};

/// Most log entries and most metrics that are kept, and of each at most a share of the bytes that events may take.
const MAX_SMALL: usize = 10_000;
const SMALL_SHARE: usize = 8;
/// Most issues that are kept.
const MAX_ISSUES: usize = 5_000;

/// How much is kept; the oldest goes first.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Events.
    pub events: usize,
    /// Transactions.
    pub transactions: usize,
    /// Bytes of events, and as much again of transactions.
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { events: 20_000, transactions: 20_000, bytes: 256 * 1024 * 1024 }
    }
}

#[derive(Debug)]
pub(crate) struct Store {
    state: Mutex<State>,
    version: watch::Sender<u64>,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) events: Ring<Event>,
    pub(crate) transactions: Ring<Transaction>,
    pub(crate) logs: Ring<Value>,
    pub(crate) metrics: Ring<Value>,
    pub(crate) sessions: Sums,
    /// Every envelope's bytes, where they are asked for.
    pub(crate) raw: Option<Vec<Bytes>>,
    issues: HashMap<(String, Vec<String>), Issue>,
    next_issue: u64,
    discarded: BTreeMap<(String, String), u64>,
    items: BTreeMap<String, u64>,
    issues_evicted: u64,
    version: u64,
    envelopes: u64,
    rejected: u64,
    bytes: u64,
    limits: Limits,
}

impl Store {
    pub(crate) fn new(limits: Limits, keep_raw: bool) -> Self {
        Self { state: Mutex::new(State::new(limits, keep_raw)), version: watch::Sender::default() }
    }

    pub(crate) fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Told of each change.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    /// Stores all of an envelope, or nothing of it. The id of its event or transaction, if it has one.
    pub(crate) fn accept(&self, project: &str, body: Bytes) -> Result<Option<String>, BadEnvelope> {
        // Understood before the lock is taken.
        let understood = envelope::parse(&body).and_then(|envelope| understand(project, envelope));
        self.change(|state| match understood {
            Ok(understood) => Ok(state.store(understood, body)),
            Err(bad) => {
                state.rejected += 1;
                Err(bad)
            }
        })
    }

    /// Counts an envelope that was refused unread.
    pub(crate) fn refuse(&self) {
        self.change(|state| state.rejected += 1);
    }

    /// Forgets everything, the counters too.
    pub(crate) fn clear(&self) {
        self.change(|state| {
            let fresh = State::new(state.limits, state.raw.is_some());
            *state = State { version: state.version, next_issue: state.next_issue, ..fresh };
        });
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = change(&mut state);
        state.version += 1;
        self.version.send_replace(state.version);
        outcome
    }
}

impl State {
    fn new(limits: Limits, keep_raw: bool) -> Self {
        Self {
            events: Ring::new(limits.events, limits.bytes),
            transactions: Ring::new(limits.transactions, limits.bytes),
            logs: Ring::new(MAX_SMALL, limits.bytes / SMALL_SHARE),
            metrics: Ring::new(MAX_SMALL, limits.bytes / SMALL_SHARE),
            sessions: Sums::default(),
            raw: keep_raw.then(Vec::new),
            issues: HashMap::new(),
            next_issue: 1,
            discarded: BTreeMap::new(),
            items: BTreeMap::new(),
            issues_evicted: 0,
            version: 0,
            envelopes: 0,
            rejected: 0,
            bytes: 0,
            limits,
        }
    }

    fn store(&mut self, understood: Understood, body: Bytes) -> Option<String> {
        self.envelopes += 1;
        self.bytes += body.len() as u64;
        let Understood { mut event_id, items } = understood;
        let (mut events, mut attachments) = (Vec::new(), Vec::new());
        for (ty, received) in items {
            *self.items.entry(ty).or_default() += 1;
            match received {
                Received::Event(it) => events.push(*it),
                Received::Transaction(it) => {
                    event_id = Some(it.summary.event_id.clone());
                    let size = it.payload.size();
                    self.transactions.push(*it, size);
                }
                Received::Attachment(it) => attachments.push(it),
                Received::Sessions(counts) => counts.into_iter().for_each(|count| self.sessions.add(count)),
                Received::Discarded(lines) => lines.into_iter().for_each(|line| self.discard(line)),
                Received::Logs(entries) => keep(&mut self.logs, entries),
                Received::Metrics(entries) => keep(&mut self.metrics, entries),
                Received::Other => {}
            }
        }
        for event in events {
            event_id = Some(event.summary.event_id.clone());
            // Clients send one event an envelope; were there more, the attachments would be the first one's.
            self.store_event(event, std::mem::take(&mut attachments));
        }
        if let Some(raw) = &mut self.raw {
            raw.push(body);
        }
        event_id
    }

    fn store_event(&mut self, mut event: Event, attachments: Vec<Attachment>) {
        event.attachments = attachments;
        let key = (event.summary.project.clone(), event.grouping.clone());
        if let Some(issue) = self.issues.get_mut(&key) {
            issue.add(&event);
            event.summary.issue_id.clone_from(&issue.id);
        } else {
            self.make_room_for_an_issue();
            event.summary.issue_id = self.next_issue.to_string();
            self.next_issue += 1;
            self.issues.insert(key, Issue::new(event.summary.issue_id.clone(), &event));
        }
        let size = event.payload.size();
        self.events.push(event, size);
    }

    fn make_room_for_an_issue(&mut self) {
        if self.issues.len() < MAX_ISSUES {
            return;
        }
        let oldest = self.issues.iter().min_by(|a, b| a.1.last_seen.total_cmp(&b.1.last_seen));
        if let Some(key) = oldest.map(|(key, _)| key.clone()) {
            self.issues.remove(&key);
            self.issues_evicted += 1;
        }
    }

    fn discard(&mut self, line: Discarded) {
        *self.discarded.entry((line.reason, line.category)).or_default() += line.quantity;
    }

    pub(crate) fn event(&self, id: &str) -> Option<&Event> {
        self.events.iter().rev().find(|event| event.summary.event_id == id)
    }

    pub(crate) fn transaction(&self, id: &str) -> Option<&Transaction> {
        self.transactions.iter().rev().find(|transaction| transaction.summary.event_id == id)
    }

    pub(crate) fn issue(&self, id: &str) -> Option<&Issue> {
        self.issues.values().find(|issue| issue.id == id)
    }

    pub(crate) fn issues_newest_first(&self) -> Vec<Issue> {
        let mut issues: Vec<Issue> = self.issues.values().cloned().collect();
        issues.sort_by(|a, b| b.last_seen.total_cmp(&a.last_seen).then_with(|| b.id.cmp(&a.id)));
        issues
    }

    pub(crate) fn stats(&self) -> Stats {
        let discarded = self.discarded.iter().map(|((reason, category), quantity)| Discarded {
            reason: reason.clone(),
            category: category.clone(),
            quantity: *quantity,
        });
        Stats {
            version: self.version,
            envelopes: self.envelopes,
            rejected: self.rejected,
            bytes: self.bytes,
            items: self.items.clone(),
            discarded: discarded.collect(),
            evicted: BTreeMap::from([
                ("events", self.events.evicted()),
                ("transactions", self.transactions.evicted()),
                ("logs", self.logs.evicted()),
                ("metrics", self.metrics.evicted()),
                ("issues", self.issues_evicted),
            ]),
            held: Held {
                events: self.events.len(),
                transactions: self.transactions.len(),
                bytes: self.events.bytes() + self.transactions.bytes(),
            },
        }
    }
}

fn keep(kept: &mut Ring<Value>, entries: Vec<Weighed<Value>>) {
    entries.into_iter().for_each(|(entry, bytes)| kept.push(entry, bytes));
}
