//! Sentry's data categories: each has a queue of its own, so that a flood or a rate limit of one stops only that one.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Declares the categories, each with the `type`s of its items.
macro_rules! categories {
    ($($(#[$attribute:meta])* $name:ident: $($ty:literal)*;)*) => {
        /// What an envelope is about, the most important first, as in
        /// [rate limits](https://develop.sentry.dev/sdk/expected-features/rate-limiting/#definitions) and client reports.
        /// The last four have no queue: they only count what is in an envelope.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub(crate) enum Category {
            $($(#[$attribute])* $name,)*
        }

        impl Category {
            pub(crate) const ALL: [Self; [$(Self::$name,)*].len()] = [$(Self::$name,)*];

            /// The category of a written item, by its `type`; `None` for client reports.
            pub(crate) fn of_type(ty: &str) -> Option<Self> {
                match ty {
                    $($($ty => Some(Self::$name),)*)*
                    "client_report" => None,
                    _ => Some(Self::Default),
                }
            }
        }
    };
}

categories! {
    Error: "event";
    Session: "session" "sessions";
    Monitor: "check_in";
    Transaction: "transaction";
    LogItem: "log";
    TraceMetric: "trace_metric";
    #[default]
    Default:;
    /// Of a backend: phones and browsers have `profile_chunk_ui`.
    ProfileChunk: "profile_chunk";
    Span:;
    Attachment: "attachment";
    LogByte:;
    TraceMetricByte:;
}

/// The value of an enum that has this name on the wire. The SDK's enums have the same names as ours, but fewer.
pub(crate) fn named<T: DeserializeOwned>(name: impl Serialize) -> Option<T> {
    serde_json::from_value(serde_json::to_value(name).ok()?).ok()
}

/// A category, and how many of it.
pub(crate) type Quantity = (Category, u64);

/// How much of a category may wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Envelopes.
    pub(crate) count: usize,
    /// About the bytes that they take in memory.
    pub(crate) bytes: usize,
}

const MIB: usize = 1024 * 1024;

impl Category {
    /// How many categories have a queue.
    pub(crate) const QUEUES: usize = Self::ProfileChunk as usize + 1;

    /// The categories that have a queue, the most important first.
    pub(crate) fn queued() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().take(Self::QUEUES)
    }

    /// What an envelope with this content is about: the most important category that has a queue.
    pub(crate) fn of(content: &[Quantity]) -> Self {
        let categories = content.iter().map(|(category, _)| *category);
        categories.filter(|category| *category <= Self::ProfileChunk).min().unwrap_or(Self::Default)
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
