//! What is held, and what is dropped when it is too much.

mod look;

use std::collections::BTreeMap;

use actix_web::web::Bytes;

use super::{Limits, MAX_SMALL};
use crate::attachments::{self, Attachments};
use crate::debug_files::DebugFiles;
use crate::envelopes::Envelopes;
use crate::feedback::{self, Feedback};
use crate::issues::Issues;
use crate::monitors::Monitors;
use crate::profiles::Profiles;
use crate::received::{Entry, Event, Received, Span, Transaction, Understood};
use crate::refusals::Refusals;
use crate::releases::Releases;
use crate::replays::Replays;
use crate::reports::{self, ClientReport};
use crate::ring::Ring;
use crate::seen::Seen;
use crate::sessions::Sums;
use crate::spans::Spans;
use crate::stats::{self, Discarded, OTHER};
use crate::weight::Weigh;

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) events: Ring<Event>,
    pub(crate) transactions: Ring<Transaction>,
    pub(crate) spans: Spans,
    pub(crate) logs: Ring<Entry>,
    pub(crate) metrics: Ring<Entry>,
    pub(crate) issues: Issues,
    pub(crate) sessions: Sums,
    pub(crate) profiles: Profiles,
    pub(crate) attachments: Attachments,
    pub(crate) debug_files: DebugFiles,
    pub(crate) feedback: Ring<Feedback>,
    pub(crate) monitors: Monitors,
    pub(crate) releases: Releases,
    pub(crate) replays: Replays,
    pub(crate) client_reports: Ring<ClientReport>,
    pub(crate) envelopes: Envelopes,
    pub(crate) refusals: Refusals,
    seen: Seen,
    /// Every envelope's bytes, where they are asked for.
    pub(crate) raw: Option<Vec<Bytes>>,
    discarded: BTreeMap<(String, String), u64>,
    items: BTreeMap<String, u64>,
    item_bytes: BTreeMap<String, u64>,
    pub(super) version: u64,
    accepted: u64,
    pub(super) rejected: u64,
    refused_items: u64,
    bytes: u64,
    limits: Limits,
}

impl State {
    pub(super) fn new(limits: Limits, keep_raw: bool) -> Self {
        Self {
            events: Ring::new(limits.events),
            transactions: Ring::new(limits.transactions),
            spans: Spans::default(),
            logs: Ring::new(MAX_SMALL),
            metrics: Ring::new(MAX_SMALL),
            issues: Issues::default(),
            sessions: Sums::default(),
            profiles: Profiles::default(),
            attachments: Attachments::default(),
            debug_files: DebugFiles::default(),
            feedback: Ring::bounded(feedback::MAX_FEEDBACK, feedback::MAX_BYTES),
            monitors: Monitors::default(),
            releases: Releases::default(),
            replays: Replays::default(),
            client_reports: Ring::new(reports::MAX_REPORTS),
            envelopes: Envelopes::default(),
            refusals: Refusals::default(),
            seen: Seen::default(),
            raw: keep_raw.then(Vec::new),
            discarded: BTreeMap::new(),
            items: BTreeMap::new(),
            item_bytes: BTreeMap::new(),
            version: 0,
            accepted: 0,
            rejected: 0,
            refused_items: 0,
            bytes: 0,
            limits,
        }
    }

    /// Forgets everything but its version, its limits, and which numbers are given.
    pub(super) fn clear(&mut self) {
        let fresh = Self::new(self.limits, self.raw.is_some());
        *self = Self {
            version: self.version,
            issues: self.issues.emptied(),
            attachments: self.attachments.emptied(),
            envelopes: self.envelopes.emptied(),
            ..fresh
        };
    }

    /// Forgets the issues with their events and what came with these. An event that comes again is new.
    pub(super) fn clear_issues(&mut self) {
        self.issues = self.issues.emptied();
        self.events = self.events.emptied();
        self.attachments = self.attachments.emptied();
        self.feedback = self.feedback.emptied();
        self.seen.forget();
    }

    pub(super) fn refuse(
        &mut self,
        project: &str,
        reasons: impl IntoIterator<Item = String>,
        item_only: bool,
    ) {
        for reason in reasons {
            self.refused_items += u64::from(item_only);
            self.refusals.push(project, &reason, item_only);
        }
    }

    pub(super) fn store(&mut self, understood: Understood, body: Bytes) -> Option<String> {
        self.accepted += 1;
        self.bytes += body.len() as u64;
        let Understood { mut event_id, items, .. } = understood;
        let (mut events, mut files, mut ids) = (Vec::new(), Vec::new(), Vec::new());
        let mut owner = Owner::Envelope;
        for (ty, bytes, received) in items {
            stats::count(&mut self.item_bytes, ty.clone(), OTHER.to_owned(), bytes as u64);
            stats::count(&mut self.items, ty, OTHER.to_owned(), 1);
            match received {
                Received::Event(it) => events.push(*it),
                Received::Transaction(it) => {
                    event_id = Some(it.summary.event_id.clone());
                    owner = Owner::of(self.store_transaction(*it, &mut ids));
                }
                Received::Spans(spans) => self.store_spans(spans, &mut ids),
                Received::Attachment(it) if files.len() < attachments::MAX_OF_ENVELOPE => files.push(it),
                Received::Feedback(it) => {
                    event_id = Some(it.feedback_id.clone());
                    owner = Owner::of(self.store_feedback(*it, &mut ids));
                }
                Received::CheckIn(it) => self.monitors.add(*it),
                Received::Replay(it) => self.replays.add(*it),
                Received::Sessions(counts) => counts.into_iter().for_each(|count| self.sessions.add(count)),
                Received::ClientReport(report) => self.discard(report),
                Received::Logs(entries) => keep(&mut self.logs, entries),
                Received::Metrics(entries) => keep(&mut self.metrics, entries),
                Received::ProfileChunk(chunk) => self.profiles.push(*chunk),
                Received::Attachment(_) | Received::Other => {}
            }
        }
        for event in events {
            event_id = Some(event.summary.event_id.clone());
            let new = self.seen.is_new(("event", &event.summary.project, &event.summary.event_id), &mut ids);
            owner = Owner::of(new);
            if new {
                self.store_event(event);
            }
        }
        if let Some(id) = event_id.as_ref().filter(|_| owner != Owner::Known) {
            files.into_iter().for_each(|file| self.attachments.push(id, file));
        }
        self.seen.remember(ids);
        if let Some(raw) = &mut self.raw {
            raw.push(body);
        }
        while self.held_bytes() > self.limits.bytes && self.forget_oldest_of_the_heaviest() {}
        event_id
    }

    fn store_event(&mut self, mut event: Event) {
        event.summary.issue_id = self.issues.count(&event);
        let weight = event.weight();
        self.events.push(event, weight);
    }

    /// Whether it is new.
    fn store_transaction(&mut self, transaction: Transaction, ids: &mut Vec<u128>) -> bool {
        let summary = &transaction.summary;
        let new = self.seen.is_new(("transaction", &summary.project, &summary.event_id), ids);
        if new {
            let weight = transaction.weight();
            self.transactions.push(transaction, weight);
        }
        new
    }

    fn store_spans(&mut self, spans: Vec<Span>, ids: &mut Vec<u128>) {
        for span in spans {
            if span.is_segment {
                self.store_transaction(Transaction::of_segment(&span), ids);
            }
            self.spans.push(span);
        }
    }

    fn store_feedback(&mut self, feedback: Feedback, ids: &mut Vec<u128>) -> bool {
        let new = self.seen.is_new(("feedback", &feedback.project, &feedback.feedback_id), ids);
        if new {
            let weight = feedback.weight();
            self.feedback.push(feedback, weight);
        }
        new
    }

    fn discard(&mut self, mut report: ClientReport) {
        for Discarded { reason, category, quantity, .. } in report.discarded.iter().cloned() {
            let other = (OTHER.to_owned(), OTHER.to_owned());
            stats::count(&mut self.discarded, (reason, category), other, quantity);
        }
        report.discarded.truncate(reports::MAX_LINES);
        report.discarded.shrink_to_fit();
        let weight = report.weight();
        self.client_reports.push(report, weight);
    }

    /// Bytes of what is bounded together. What has a bound of its own is not among it.
    fn held_bytes(&self) -> usize {
        let rings =
            self.events.bytes() + self.transactions.bytes() + self.logs.bytes() + self.metrics.bytes();
        rings + self.spans.bytes() + self.issues.bytes() + self.profiles.bytes()
    }

    fn forget_oldest_of_the_heaviest(&mut self) -> bool {
        let mut all: [(usize, &mut dyn Forget); 7] = [
            (self.events.bytes(), &mut self.events),
            (self.transactions.bytes(), &mut self.transactions),
            (self.spans.bytes(), &mut self.spans),
            (self.logs.bytes(), &mut self.logs),
            (self.metrics.bytes(), &mut self.metrics),
            (self.issues.bytes(), &mut self.issues),
            (self.profiles.bytes(), &mut self.profiles),
        ];
        all.sort_by_key(|(bytes, _)| std::cmp::Reverse(*bytes));
        all.iter_mut().any(|(_, kept)| kept.forget_oldest())
    }
}

/// Whose the attachments of an envelope are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    /// The event that its header names; it came before, or comes later.
    Envelope,
    /// One that has just come.
    New,
    /// One that had come already, with its attachments.
    Known,
}

impl Owner {
    fn of(new: bool) -> Self {
        if new { Self::New } else { Self::Known }
    }
}

fn keep(kept: &mut Ring<Entry>, entries: Vec<Entry>) {
    for entry in entries {
        let weight = entry.weight();
        kept.push(entry, weight);
    }
}

/// Something that can make room.
trait Forget {
    /// Forgets its oldest, unless that is its only one.
    fn forget_oldest(&mut self) -> bool;
}

/// The methods of these names are their own.
macro_rules! forget {
    ($([$($generics:tt)*] $ty:ty),+ $(,)?) => {
        $(impl<$($generics)*> Forget for $ty {
            fn forget_oldest(&mut self) -> bool {
                Self::forget_oldest(self)
            }
        })+
    };
}
forget!([T] Ring<T>, [] Profiles, [] Issues, [] Spans);
