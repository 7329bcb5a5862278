//! Player sessions: the payout that a player had begun to ask for.

use std::hint::black_box;
use std::time::Duration;

use sentry_context::step::Step;
use service::panic_user::{CORRUPT, begin};

/// A payout that waits for its confirmation; times since the session began.
struct PendingPayout {
    asked_at: Duration,
    expires_at: Duration,
}

/// Restores a player's session.
///
/// # Panics
/// When the session is corrupt.
pub fn restore(user_id: &str) {
    let _session = begin(user_id);
    // Two clocks wrote these, of which one was late.
    let expires_at = Duration::from_secs(if user_id == CORRUPT { 40 } else { 340 });
    black_box(PendingPayout { asked_at: Duration::from_secs(41), expires_at }.time_left());
}

impl PendingPayout {
    /// How long the player has to confirm it.
    #[inline(never)]
    fn time_left(&self) -> Duration {
        let _payout = Step::silent("function", "restore the pending payout");
        self.expires_at - self.asked_at
    }
}
