//! How long players stay.

use sentry_context::step::Step;
use sentry_context::{contexts, facts};

/// Lengths of the sessions that ended today, seconds. Shortly after midnight there are none.
const ENDED_TODAY: [u32; 0] = [];

/// The length that 95 % of today's sessions do not pass, seconds.
///
/// # Panics
/// When no session has ended today.
pub fn session_length_p95() -> u32 {
    let data =
        facts([("window", "today".into()), ("sessions", ENDED_TODAY.len().into()), ("percent", 95.into())]);
    contexts::set("percentile", data.clone());
    let _step = Step::begin("percentile", "computing the 95th percentile of session lengths", data);
    let mut lengths = ENDED_TODAY.to_vec();
    lengths.sort_unstable();
    percentile(&lengths, 95)
}

/// Nearest rank. Nobody thought of a window without a single session.
#[inline(never)]
fn percentile(sorted: &[u32], percent: usize) -> u32 {
    let _rank = Step::silent("function", "look up the rank");
    sorted[sorted.len() * percent / 100]
}
