//! Queries of what is held.

use std::collections::BTreeMap;

use super::State;
use crate::issue::Issue;
use crate::received::{Event, Transaction};
use crate::stats::{Discarded, Held, Stats};

impl State {
    pub(crate) fn event(&self, id: &str) -> Option<&Event> {
        self.events.iter().rev().find(|event| event.summary.event_id == id)
    }

    pub(crate) fn transaction(&self, id: &str) -> Option<&Transaction> {
        self.transactions.iter().rev().find(|transaction| transaction.summary.event_id == id)
    }

    pub(crate) fn issues_newest_first(&self) -> Vec<Issue> {
        self.issues.newest_first().into_iter().cloned().collect()
    }

    /// The events of the same issue before and after an event.
    pub(crate) fn neighbours(&self, event: &Event) -> (Option<String>, Option<String>) {
        let of_issue = |it: &&Event| it.summary.issue_id == event.summary.issue_id;
        let (mut previous, mut found) = (None, false);
        for it in self.events.iter().filter(of_issue) {
            if found {
                return (previous, Some(it.summary.event_id.clone()));
            }
            if std::ptr::eq(it, event) {
                found = true;
            } else {
                previous = Some(it.summary.event_id.clone());
            }
        }
        (previous, None)
    }

    pub(crate) fn discarded(&self) -> Vec<Discarded> {
        let line = |((reason, category), quantity): (&(String, String), &u64)| {
            Discarded::new(reason.clone(), category.clone(), *quantity)
        };
        self.discarded.iter().map(line).collect()
    }

    pub(crate) fn stats(&self) -> Stats {
        Stats {
            version: self.version,
            envelopes: self.accepted,
            rejected: self.rejected,
            refused_items: self.refused_items,
            duplicates: self.seen.duplicates(),
            bytes: self.bytes,
            items: self.items.clone(),
            item_bytes: self.item_bytes.clone(),
            discarded: self.discarded(),
            evicted: BTreeMap::from([
                ("events".to_owned(), self.events.evicted()),
                ("transactions".to_owned(), self.transactions.evicted()),
                ("spans".to_owned(), self.spans.evicted()),
                ("logs".to_owned(), self.logs.evicted()),
                ("metrics".to_owned(), self.metrics.evicted()),
                ("issues".to_owned(), self.issues.evicted()),
                ("profile_chunks".to_owned(), self.profiles.evicted()),
                ("attachments".to_owned(), self.attachments.evicted()),
                ("feedback".to_owned(), self.feedback.evicted()),
                ("envelopes".to_owned(), self.envelopes.evicted()),
            ]),
            held: Held {
                events: self.events.len(),
                transactions: self.transactions.len(),
                spans: self.spans.len(),
                profile_chunks: self.profiles.len(),
                attachments: self.attachments.len(),
                attachment_bytes: self.attachments.bytes(),
                feedback: self.feedback.len(),
                monitors: self.monitors.len(),
                replays: self.replays.len(),
                envelopes: self.envelopes.len(),
                bytes: self.held_bytes(),
            },
        }
    }
}
