//! What a list is narrowed to, and which part of it is asked for.

use serde::Deserialize;

use crate::query::{BadQuery, Query};
use crate::store::MAX_SMALL;
use crate::weight::Weigh;

/// Entries of a list, unless the caller wants another number.
pub(super) const LIMIT: usize = 100;

/// Most entries of a list.
pub(super) const MAX_LIMIT: usize = MAX_SMALL;

/// Most bytes of the entries of one answer. What is beyond is had with `offset`.
const MAX_ANSWER: usize = 8 * 1024 * 1024;

/// The parameters of a list.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Filter {
    pub(super) issue: Option<String>,
    pub(super) run: Option<String>,
    pub(super) trace: Option<String>,
    /// A search in Sentry's words.
    pub(super) query: Option<String>,
    /// The severities of log entries, with commas between them.
    pub(super) level: Option<String>,
    #[serde(default)]
    pub(super) sort: Sort,
    /// How many entries, at most.
    pub(super) limit: Option<usize>,
    /// How many entries are left out first.
    #[serde(default)]
    pub(super) offset: usize,
}

/// What issues are sorted by; the largest first.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Sort {
    #[default]
    LastSeen,
    FirstSeen,
    Count,
    Users,
}

/// A part of a list.
pub(super) struct Page<T> {
    pub(super) entries: Vec<T>,
    /// Whether there is more beyond it.
    pub(super) more: bool,
}

impl Filter {
    pub(super) fn search(&self) -> Result<Query, BadQuery> {
        Query::parse(self.query.as_deref().unwrap_or_default())
    }

    /// The part of a list that is asked for, as far as one answer may go.
    pub(super) fn page<'a, T: Weigh + Clone + 'a>(
        &self,
        default: usize,
        all: impl Iterator<Item = &'a T>,
    ) -> Page<T> {
        let limit = self.limit.unwrap_or(default).min(MAX_LIMIT);
        let (mut page, mut bytes) = (Page { entries: Vec::new(), more: false }, 0);
        for entry in all.skip(self.offset) {
            bytes += entry.weight();
            // One at least, or nobody would ever come beyond it.
            if page.entries.len() >= limit || (bytes > MAX_ANSWER && !page.entries.is_empty()) {
                page.more = true;
                break;
            }
            page.entries.push(entry.clone());
        }
        page
    }

    pub(super) fn fits(&self, run: Option<&String>, trace: Option<&String>) -> bool {
        wanted(self.run.as_ref(), run) && wanted(self.trace.as_ref(), trace)
    }

    /// Whether a severity is among those that are asked for.
    pub(super) fn fits_level(&self, level: Option<&str>) -> bool {
        self.level.as_deref().filter(|asked| !asked.is_empty()).is_none_or(|asked| {
            asked.split(',').any(|asked| level.is_some_and(|level| asked.trim().eq_ignore_ascii_case(level)))
        })
    }
}

pub(super) fn wanted(asked: Option<&String>, there: Option<&String>) -> bool {
    asked.is_none() || asked == there
}
