//! Waiting until everything promised has arrived.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::call::Call;
use super::error::CheckError;
use super::received::InboxApi;
use super::selection::Selected;
use crate::terminal::Progress;

/// How often the inbox is asked whether anything changed.
const INTERVAL: Duration = Duration::from_millis(25);

/// Waits for the promised number of events, and a transaction, of each call; at most `limit` altogether.
/// The comparison reports what is still missing then.
pub async fn wait(
    inbox: &InboxApi,
    selected: &[Selected<'_>],
    calls: &[Call],
    limit: Duration,
    progress: &Progress,
) -> Result<(), CheckError> {
    let deadline = Instant::now() + limit;
    let mut missing: Vec<_> = selected.iter().zip(calls).collect();
    let mut seen = None;
    while Instant::now() < deadline {
        // Read before the counts: a change while counting is then seen at the next turn.
        let version = inbox.stats().await?;
        if seen.replace(version) == Some(version) {
            sleep(INTERVAL).await;
            continue;
        }
        let mut still = Vec::new();
        for (it, call) in missing {
            if !has_arrived(inbox, call, it.scenario.expect.events).await? {
                still.push((it, call));
            }
        }
        let Some((next, _)) = still.first() else { return Ok(()) };
        progress.show(&format!("waiting for the events of {} calls, {}", still.len(), next.scenario.id));
        missing = still;
    }
    Ok(())
}

/// Whether the promised number of events, and a transaction, of this call are there.
pub async fn has_arrived(inbox: &InboxApi, call: &Call, promised: usize) -> Result<bool, CheckError> {
    let (events, transactions) = inbox.counts(call).await?;
    Ok(events >= promised && transactions >= 1)
}
