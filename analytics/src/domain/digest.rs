//! The digest for players who have not played for a week. The job plans its own next run.

use sentry_context::facts;
use sentry_context::step::Step;

/// Between two digests, minutes.
const INTERVAL_MINUTES: u32 = 1;

/// What a run did.
#[derive(Debug, Default)]
pub struct Digest {
    /// How many players were written to.
    pub written: usize,
    /// When the next run is; `None` if there is none.
    pub next_run_minutes: Option<u32>,
}

/// Writes to everybody who is idle, and plans the next run.
pub fn send() -> Digest {
    let _digest = Step::silent("function", "write the digest");
    let idle = idle_players();
    // As if nobody would ever be idle again: this run is the last.
    if idle.is_empty() {
        return Digest::default();
    }
    Digest { written: idle.len(), next_run_minutes: Some(INTERVAL_MINUTES) }
}

/// Nobody, after a good week.
fn idle_players() -> Vec<&'static str> {
    let _step = Step::begin("digest", "looking for idle players", facts([("idle", 0.into())]));
    Vec::new()
}
