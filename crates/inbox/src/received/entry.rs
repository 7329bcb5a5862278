//! Log entries and metrics.

use serde_json::Value;

use super::Payload;
use super::fields::{scalar, text};
use crate::text::{LONG, clip};
use crate::timestamp;
use crate::weight::{Weigh, heap_of};

/// A log entry or a metric: what it is found by, and its payload.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) trace_id: Option<String>,
    pub(crate) span_id: Option<String>,
    /// When it was written, or else when it arrived, seconds since 1970.
    pub(crate) at: f64,
    /// The severity of a log entry.
    pub(crate) level: Option<String>,
    /// The text of a log entry, as far as it is searched; the name of a metric.
    pub(crate) text: String,
    pub(crate) payload: Payload,
}

impl Entry {
    pub(super) fn of(payload: Payload) -> Self {
        let entry = payload.read();
        let words = ["body", "name"].into_iter().find_map(|name| entry[name].as_str());
        Self {
            trace_id: text(&entry["trace_id"]),
            span_id: text(&entry["span_id"]),
            at: timestamp::seconds(&entry["timestamp"]).unwrap_or_else(timestamp::now),
            level: text(&entry["level"]).map(|level| level.to_ascii_lowercase()),
            text: words.map(|words| clip(words, LONG)).unwrap_or_default(),
            payload,
        }
    }
}

/// An attribute of a log entry or a metric, as text.
pub(crate) fn attribute(entry: &Value, name: &str) -> Option<String> {
    let attribute = &entry["attributes"][name];
    scalar(attribute.get("value").unwrap_or(attribute))
}

impl Weigh for Entry {
    fn heap(&self) -> usize {
        heap_of([&self.trace_id, &self.span_id, &self.level, &self.text, &self.payload])
    }
}
