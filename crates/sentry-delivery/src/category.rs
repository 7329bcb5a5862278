//! Sentry's data categories: each has a queue of its own, so that a flood or a rate limit of one stops only that one.

use sentry::Envelope;
use sentry::protocol::{EnvelopeItem, ItemContainer, client_report};

/// An enum whose variants have a name on the wire.
macro_rules! named {
    ($(#[$meta:meta])* $enum:ident { $($(#[$doc:meta])* $variant:ident = $name:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum $enum { $($(#[$doc])* $variant,)* }

        impl $enum {
            pub(crate) const ALL: &[Self] = &[$(Self::$variant),*];

            /// As servers call it.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            pub(crate) fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|it| it.name() == name)
            }
        }
    };
}
pub(crate) use named;

named! {
    /// What an envelope is about, the most important first, as in
    /// [rate limits](https://develop.sentry.dev/sdk/expected-features/rate-limiting/#definitions) and client reports. The
    /// last four only count what is in an envelope.
    Category {
        Error = "error",
        Session = "session",
        Monitor = "monitor",
        Transaction = "transaction",
        LogItem = "log_item",
        TraceMetric = "trace_metric",
        Default = "default",
        /// Of a backend: phones and browsers have `profile_chunk_ui`.
        ProfileChunk = "profile_chunk",
        Span = "span",
        Attachment = "attachment",
        LogByte = "log_byte",
        TraceMetricByte = "trace_metric_byte",
    }
}

/// A category, and how many of it.
pub(crate) type Quantity = (Category, u64);

/// How much of a category may wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Envelopes.
    pub(crate) count: usize,
    /// Bytes they take in memory, about.
    pub(crate) bytes: usize,
}

const MIB: usize = 1024 * 1024;

impl Category {
    /// How many categories envelopes wait in.
    pub(crate) const QUEUES: usize = Self::ProfileChunk as usize + 1;

    /// The categories that envelopes wait in, the most important first.
    pub(crate) fn queued() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().take(Self::QUEUES)
    }

    /// The category of a written item, by its `type`. Attachments and reports are about nothing themselves.
    pub(crate) fn of_type(ty: &str) -> Option<Self> {
        Some(match ty {
            "event" => Self::Error,
            "session" | "sessions" => Self::Session,
            "check_in" => Self::Monitor,
            "transaction" => Self::Transaction,
            "profile_chunk" => Self::ProfileChunk,
            "log" => Self::LogItem,
            "trace_metric" => Self::TraceMetric,
            "attachment" | "client_report" => return None,
            _ => Self::Default,
        })
    }

    /// The category of an envelope: that of its most important item.
    pub(crate) fn of(envelope: &Envelope) -> Self {
        envelope.items().filter_map(Self::of_item).min().unwrap_or(Self::Default)
    }

    fn of_item(item: &EnvelopeItem) -> Option<Self> {
        Some(match item {
            EnvelopeItem::Event(_) => Self::Error,
            EnvelopeItem::SessionUpdate(_) | EnvelopeItem::SessionAggregates(_) => Self::Session,
            EnvelopeItem::Transaction(_) => Self::Transaction,
            EnvelopeItem::MonitorCheckIn(_) => Self::Monitor,
            EnvelopeItem::ItemContainer(ItemContainer::Logs(_)) => Self::LogItem,
            EnvelopeItem::ItemContainer(ItemContainer::Metrics(_)) => Self::TraceMetric,
            EnvelopeItem::Attachment(_) | EnvelopeItem::ClientReport(_) => return None,
            _ => Self::Default,
        })
    }

    /// A burst of 10,000 errors must fit; everything else is worth less than the memory of a small service.
    pub(crate) fn bounds(self) -> Bounds {
        match self {
            Self::Error => Bounds { count: 20_000, bytes: 144 * MIB },
            Self::Transaction => Bounds { count: 3_000, bytes: 16 * MIB },
            _ => Bounds { count: 1_000, bytes: 8 * MIB },
        }
    }
}

impl From<client_report::Category> for Category {
    fn from(category: client_report::Category) -> Self {
        use client_report::Category as C;
        match category {
            C::Error => Self::Error,
            C::Session => Self::Session,
            C::Transaction => Self::Transaction,
            C::Span => Self::Span,
            C::Attachment => Self::Attachment,
            C::Monitor => Self::Monitor,
            C::LogItem => Self::LogItem,
            C::LogByte => Self::LogByte,
            C::TraceMetric => Self::TraceMetric,
            C::TraceMetricByte => Self::TraceMetricByte,
            _ => Self::Default,
        }
    }
}
