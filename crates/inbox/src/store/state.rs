//! What is held, and what makes room when it is too much.

use std::collections::BTreeMap;

use actix_web::web::Bytes;

use super::{Limits, MAX_SMALL};
use crate::issue::Issue;
use crate::issues::Issues;
use crate::profiles::Profiles;
use crate::received::{Attachment, Entry, Event, MAX_ATTACHMENTS, Received, Transaction, Understood};
use crate::refusals::Refusals;
use crate::ring::Ring;
use crate::seen::Seen;
use crate::sessions::Sums;
use crate::stats::{self, Discarded, Held, OTHER, Stats};
use crate::weight::Weigh;

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) events: Ring<Event>,
    pub(crate) transactions: Ring<Transaction>,
    pub(crate) logs: Ring<Entry>,
    pub(crate) metrics: Ring<Entry>,
    pub(crate) issues: Issues,
    pub(crate) sessions: Sums,
    pub(crate) profiles: Profiles,
    pub(crate) refusals: Refusals,
    seen: Seen,
    /// Every envelope's bytes, where they are asked for.
    pub(crate) raw: Option<Vec<Bytes>>,
    discarded: BTreeMap<(String, String), u64>,
    items: BTreeMap<String, u64>,
    pub(super) version: u64,
    envelopes: u64,
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
            logs: Ring::new(MAX_SMALL),
            metrics: Ring::new(MAX_SMALL),
            issues: Issues::default(),
            sessions: Sums::default(),
            profiles: Profiles::default(),
            refusals: Refusals::default(),
            seen: Seen::default(),
            raw: keep_raw.then(Vec::new),
            discarded: BTreeMap::new(),
            items: BTreeMap::new(),
            version: 0,
            envelopes: 0,
            rejected: 0,
            refused_items: 0,
            bytes: 0,
            limits,
        }
    }

    /// Forgets everything but its version and its limits.
    pub(super) fn clear(&mut self) {
        let fresh = Self::new(self.limits, self.raw.is_some());
        *self = Self { version: self.version, issues: self.issues.emptied(), ..fresh };
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
        self.envelopes += 1;
        self.bytes += body.len() as u64;
        let Understood { mut event_id, items, .. } = understood;
        let (mut events, mut attachments, mut ids) = (Vec::new(), Vec::new(), Vec::new());
        for (ty, received) in items {
            stats::count(&mut self.items, ty, OTHER.to_owned(), 1);
            match received {
                Received::Event(it) => events.push(*it),
                Received::Transaction(it) => {
                    event_id = Some(it.summary.event_id.clone());
                    if self.seen.is_new(("transaction", &it.summary.project, &it.summary.event_id), &mut ids)
                    {
                        let weight = it.weight();
                        self.transactions.push(*it, weight);
                    }
                }
                Received::Attachment(it) if attachments.len() < MAX_ATTACHMENTS => attachments.push(it),
                Received::Sessions(counts) => counts.into_iter().for_each(|count| self.sessions.add(count)),
                Received::Discarded(lines) => lines.into_iter().for_each(|line| self.discard(line)),
                Received::Logs(entries) => keep(&mut self.logs, entries),
                Received::Metrics(entries) => keep(&mut self.metrics, entries),
                Received::ProfileChunk(chunk) => self.profiles.push(*chunk),
                Received::Attachment(_) | Received::Other => {}
            }
        }
        for event in events {
            event_id = Some(event.summary.event_id.clone());
            if self.seen.is_new(("event", &event.summary.project, &event.summary.event_id), &mut ids) {
                // Clients send one event an envelope; were there more, the attachments would be the first one's.
                self.store_event(event, std::mem::take(&mut attachments));
            }
        }
        self.seen.remember(ids);
        if let Some(raw) = &mut self.raw {
            raw.push(body);
        }
        while self.held_bytes() > self.limits.bytes && self.forget_oldest_of_the_heaviest() {}
        event_id
    }

    fn held_bytes(&self) -> usize {
        let rings =
            self.events.bytes() + self.transactions.bytes() + self.logs.bytes() + self.metrics.bytes();
        rings + self.issues.bytes() + self.profiles.bytes()
    }

    fn forget_oldest_of_the_heaviest(&mut self) -> bool {
        let mut all: [(usize, &mut dyn Forget); 6] = [
            (self.events.bytes(), &mut self.events),
            (self.transactions.bytes(), &mut self.transactions),
            (self.logs.bytes(), &mut self.logs),
            (self.metrics.bytes(), &mut self.metrics),
            (self.issues.bytes(), &mut self.issues),
            (self.profiles.bytes(), &mut self.profiles),
        ];
        all.sort_by_key(|(bytes, _)| std::cmp::Reverse(*bytes));
        all.iter_mut().any(|(_, kept)| kept.forget_oldest())
    }

    fn store_event(&mut self, mut event: Event, attachments: Vec<Attachment>) {
        event.attachments = attachments;
        event.summary.issue_id = self.issues.count(&event);
        let weight = event.weight();
        self.events.push(event, weight);
    }

    fn discard(&mut self, line: Discarded) {
        let other = (OTHER.to_owned(), OTHER.to_owned());
        stats::count(&mut self.discarded, (line.reason, line.category), other, line.quantity);
    }

    pub(crate) fn event(&self, id: &str) -> Option<&Event> {
        self.events.iter().rev().find(|event| event.summary.event_id == id)
    }

    pub(crate) fn transaction(&self, id: &str) -> Option<&Transaction> {
        self.transactions.iter().rev().find(|transaction| transaction.summary.event_id == id)
    }

    pub(crate) fn issues_newest_first(&self) -> Vec<Issue> {
        self.issues.newest_first().into_iter().cloned().collect()
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
            refused_items: self.refused_items,
            duplicates: self.seen.duplicates(),
            bytes: self.bytes,
            items: self.items.clone(),
            discarded: discarded.collect(),
            evicted: BTreeMap::from([
                ("events".to_owned(), self.events.evicted()),
                ("transactions".to_owned(), self.transactions.evicted()),
                ("logs".to_owned(), self.logs.evicted()),
                ("metrics".to_owned(), self.metrics.evicted()),
                ("issues".to_owned(), self.issues.evicted()),
                ("profile_chunks".to_owned(), self.profiles.evicted()),
            ]),
            held: Held {
                events: self.events.len(),
                transactions: self.transactions.len(),
                profile_chunks: self.profiles.len(),
                bytes: self.held_bytes(),
            },
        }
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

impl<T> Forget for Ring<T> {
    fn forget_oldest(&mut self) -> bool {
        Self::forget_oldest(self)
    }
}

impl Forget for Profiles {
    fn forget_oldest(&mut self) -> bool {
        Self::forget_oldest(self)
    }
}

impl Forget for Issues {
    fn forget_oldest(&mut self) -> bool {
        Self::forget_oldest(self)
    }
}
