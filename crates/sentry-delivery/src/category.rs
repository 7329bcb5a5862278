//! Sentry's data categories: each has a queue of its own, so that a flood or a rate limit of one stops only that one.
//!
//! Names as in [rate limits](https://develop.sentry.dev/sdk/expected-features/rate-limiting/#definitions) and in
//! client reports.

use sentry::Envelope;
use sentry::protocol::{EnvelopeItem, ItemContainer};

/// What an envelope is about, most important first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Category {
    Error,
    Session,
    CheckIn,
    Transaction,
    Profile,
    Log,
    Metric,
    Other,
}

/// How much of a category may wait.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Envelopes.
    pub(super) count: usize,
    /// Bytes they take in memory, about.
    pub(super) bytes: usize,
}

const MIB: usize = 1024 * 1024;

impl Category {
    pub(super) const ALL: [Self; 8] = [
        Self::Error,
        Self::Session,
        Self::CheckIn,
        Self::Transaction,
        Self::Profile,
        Self::Log,
        Self::Metric,
        Self::Other,
    ];

    /// As servers call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Session => "session",
            Self::CheckIn => "monitor",
            Self::Transaction => "transaction",
            Self::Profile => "profile_chunk",
            Self::Log => "log_item",
            Self::Metric => "trace_metric",
            Self::Other => "default",
        }
    }

    /// The category of an item, by the `type` in its header. Attachments and reports are about nothing themselves.
    pub(super) fn of_type(ty: &str) -> Option<Self> {
        Some(match ty {
            "event" => Self::Error,
            "session" | "sessions" => Self::Session,
            "check_in" => Self::CheckIn,
            "transaction" => Self::Transaction,
            "profile" | "profile_chunk" => Self::Profile,
            "log" => Self::Log,
            "trace_metric" => Self::Metric,
            "attachment" | "client_report" => return None,
            _ => Self::Other,
        })
    }

    /// The category of an envelope: that of its most important item.
    pub(super) fn of(envelope: &Envelope) -> Self {
        envelope.items().filter_map(|item| Self::of_type(type_of(item))).min().unwrap_or(Self::Other)
    }

    /// A burst of 10,000 errors must fit; everything else is worth less than the memory of a small service.
    pub(super) fn bounds(self) -> Bounds {
        match self {
            Self::Error => Bounds { count: 20_000, bytes: 144 * MIB },
            Self::Transaction => Bounds { count: 3_000, bytes: 16 * MIB },
            _ => Bounds { count: 1_000, bytes: 8 * MIB },
        }
    }
}

fn type_of(item: &EnvelopeItem) -> &'static str {
    match item {
        EnvelopeItem::Event(_) => "event",
        EnvelopeItem::SessionUpdate(_) | EnvelopeItem::SessionAggregates(_) => "session",
        EnvelopeItem::Transaction(_) => "transaction",
        EnvelopeItem::MonitorCheckIn(_) => "check_in",
        EnvelopeItem::ItemContainer(ItemContainer::Logs(_)) => "log",
        EnvelopeItem::ItemContainer(ItemContainer::Metrics(_)) => "trace_metric",
        EnvelopeItem::Attachment(_) => "attachment",
        EnvelopeItem::ClientReport(_) => "client_report",
        _ => "unknown",
    }
}
