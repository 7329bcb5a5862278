//! The issues that are held, by what their events have in common.

mod history;

use std::collections::{HashMap, HashSet};

use crate::grouping::Key;
use crate::issue::{Issue, IssueStatus};
use crate::received::Event;
use crate::weight::Weigh;

pub(crate) use history::History;
pub use history::SeenRelease;

/// Most issues that are kept.
const MAX_ISSUES: usize = 5_000;

/// Most users that an issue counts.
const MAX_USERS: usize = 10_000;

/// Bytes of a place in the set of users: the hash, and the byte by which the set finds it.
const PER_USER: usize = size_of::<u128>() + 1;

#[derive(Debug, Default)]
pub(crate) struct Issues {
    groups: HashMap<Key, Group>,
    next: u64,
    bytes: usize,
    evicted: u64,
}

/// An issue, and who was affected: hashes, since only their number is shown.
#[derive(Debug)]
struct Group {
    issue: Issue,
    affected: HashSet<u128>,
    history: History,
    /// What it was last weighed as.
    bytes: usize,
}

impl Group {
    fn weigh(&self) -> usize {
        size_of::<(Key, Self)>()
            + self.issue.heap()
            + self.affected.capacity() * PER_USER
            + self.history.heap()
    }
}

impl Issues {
    /// The same after a clear: no number is given twice.
    pub(crate) fn emptied(&self) -> Self {
        Self { next: self.next, ..Self::default() }
    }

    /// Counts an event; the number of its issue.
    pub(crate) fn count(&mut self, event: &Event) -> String {
        let key = event.grouping.key;
        if !self.groups.contains_key(&key) {
            while self.groups.len() >= MAX_ISSUES && self.forget_oldest() {}
            self.next += 1;
            let issue = Issue::new(self.next.to_string(), event);
            self.groups.insert(
                key,
                Group { issue, affected: HashSet::new(), history: History::default(), bytes: 0 },
            );
        }
        let Some(group) = self.groups.get_mut(&key) else { return String::new() };
        group.issue.add(event);
        group.history.add(event);
        if let Some(user) = event.user.filter(|_| group.affected.len() < MAX_USERS) {
            group.affected.insert(user);
            group.issue.users = group.affected.len();
        }
        self.bytes -= group.bytes;
        group.bytes = group.weigh();
        self.bytes += group.bytes;
        group.issue.id.clone()
    }

    /// The one seen last stays.
    pub(crate) fn forget_oldest(&mut self) -> bool {
        let oldest = self.groups.iter().min_by(|a, b| a.1.issue.last_seen.total_cmp(&b.1.issue.last_seen));
        let Some(key) = oldest.map(|(key, _)| *key).filter(|_| self.groups.len() > 1) else { return false };
        self.bytes -= self.groups.remove(&key).map_or(0, |group| group.bytes);
        self.evicted += 1;
        true
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Issue> {
        self.groups.values().map(|group| &group.issue).find(|issue| issue.id == id)
    }

    /// When and in which releases its events happened.
    pub(crate) fn history(&self, id: &str) -> Option<&History> {
        self.groups.values().find(|group| group.issue.id == id).map(|group| &group.history)
    }

    /// What somebody has decided of an issue; `None` if it is not held.
    pub(crate) fn decide(&mut self, id: &str, status: IssueStatus) -> Option<Issue> {
        let issue = self.groups.values_mut().map(|group| &mut group.issue).find(|issue| issue.id == id)?;
        issue.decide(status);
        Some(issue.clone())
    }

    pub(crate) fn newest_first(&self) -> Vec<&Issue> {
        let mut issues: Vec<&Issue> = self.groups.values().map(|group| &group.issue).collect();
        issues.sort_by(|a, b| b.last_seen.total_cmp(&a.last_seen).then_with(|| b.id.cmp(&a.id)));
        issues
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn evicted(&self) -> u64 {
        self.evicted
    }
}
