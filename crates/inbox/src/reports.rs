//! [Client reports](https://develop.sentry.dev/sdk/telemetry/client-reports/): what clients did not send.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::stats::Discarded;
use crate::timestamp;
use crate::weight::Weigh;

/// Most client reports that are kept one by one; their sums go on.
pub(crate) const MAX_REPORTS: usize = 200;

/// Most lines of a client report that are listed; all are summed.
pub(crate) const MAX_LINES: usize = 50;

/// What a client did not send, and why.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ClientReport {
    /// Arrival, seconds since 1970.
    pub received_at: f64,
    /// When it was written.
    pub timestamp: Option<f64>,
    /// The project in the DSN.
    pub project: String,
    /// Its lines, 50 at most.
    pub discarded: Vec<Discarded>,
}

impl ClientReport {
    pub(crate) fn read(project: &str, report: &Value) -> Self {
        Self {
            received_at: timestamp::now(),
            timestamp: timestamp::seconds(&report["timestamp"]),
            project: project.to_owned(),
            discarded: Discarded::read(report),
        }
    }
}

impl Weigh for ClientReport {
    fn heap(&self) -> usize {
        self.project.heap()
            + self.discarded.iter().map(|line| line.reason.heap() + line.category.heap()).sum::<usize>()
    }
}
