//! Counters of the inbox.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::text::{SHORT, clip};

/// Most names that are counted apart: item types, reasons with categories, releases.
pub(crate) const MAX_NAMES: usize = 500;

/// What further names are counted as.
pub(crate) const OTHER: &str = "<other>";

/// Adds to the count of a name. Names beyond the bound are counted together.
pub(crate) fn count<K: Ord>(counts: &mut BTreeMap<K, u64>, name: K, other: K, quantity: u64) {
    let known = counts.len() < MAX_NAMES || counts.contains_key(&name);
    let count = counts.entry(if known { name } else { other }).or_default();
    *count = count.saturating_add(quantity);
}

/// What arrived and what is held.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Stats {
    /// Rises with each change.
    pub version: u64,
    /// Envelopes accepted.
    pub envelopes: u64,
    /// Envelopes refused.
    pub rejected: u64,
    /// Items that were refused while the rest of their envelopes was accepted.
    #[serde(default)]
    pub refused_items: u64,
    /// Events and transactions that had arrived before: not kept again, nor counted by their issue.
    #[serde(default)]
    pub duplicates: u64,
    /// Bytes of the accepted ones, decompressed.
    pub bytes: u64,
    /// Items by type, each time that they arrived.
    pub items: BTreeMap<String, u64>,
    /// Bytes of their payloads, by type.
    #[serde(default)]
    pub item_bytes: BTreeMap<String, u64>,
    /// What clients say they did not send, summed by reason and category.
    pub discarded: Vec<Discarded>,
    /// How many of each kind the inbox itself has forgotten to make room.
    pub evicted: BTreeMap<String, u64>,
    /// What it holds.
    pub held: Held,
}

/// What is in memory.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Held {
    /// Events.
    pub events: usize,
    /// Transactions.
    pub transactions: usize,
    /// Spans that came by themselves.
    #[serde(default)]
    pub spans: usize,
    /// Profile chunks.
    pub profile_chunks: usize,
    /// Attachments.
    #[serde(default)]
    pub attachments: usize,
    /// Bytes of their contents.
    #[serde(default)]
    pub attachment_bytes: usize,
    /// What users said.
    #[serde(default)]
    pub feedback: usize,
    /// Monitors.
    #[serde(default)]
    pub monitors: usize,
    /// Replays.
    #[serde(default)]
    pub replays: usize,
    /// Envelopes as they came.
    #[serde(default)]
    pub envelopes: usize,
    /// Bytes of memory of events, transactions, spans, profile chunks, logs, metrics and issues.
    pub bytes: usize,
}

/// A line of a [client report](https://develop.sentry.dev/sdk/telemetry/client-reports/).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Discarded {
    /// Such as `queue_overflow`.
    pub reason: String,
    /// Such as `error`.
    pub category: String,
    /// How many.
    pub quantity: u64,
    /// Whether the client was configured to leave it out. All else was to be sent, and is lost.
    #[serde(default)]
    pub by_rule: bool,
}

/// The reasons for which a client leaves something out on purpose: by sampling, by its hooks and filters, and spans and
/// profiles that alone say nothing.
const BY_RULE: [&str; 5] =
    ["sample_rate", "before_send", "event_processor", "no_parent_span", "insufficient_data"];

impl Discarded {
    pub(crate) fn new(reason: String, category: String, quantity: u64) -> Self {
        let by_rule = BY_RULE.contains(&reason.as_str());
        Self { reason, category, quantity, by_rule }
    }

    pub(crate) fn read(report: &Value) -> Vec<Self> {
        let line = |line: &Value| {
            let text = |name: &str| clip(line[name].as_str().unwrap_or("unknown"), SHORT);
            Self::new(text("reason"), text("category"), line["quantity"].as_u64().unwrap_or(0))
        };
        report["discarded_events"].as_array().into_iter().flatten().map(line).collect()
    }
}
