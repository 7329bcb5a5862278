//! Player sessions: the free spin that a player had not seen the end of.

use std::hint::black_box;

use sentry_context::step::Step;
use service::panic_user::{CORRUPT, begin};

use super::reels::STRIP;

/// Restores a player's session.
///
/// # Panics
/// When the session is corrupt.
pub fn restore(user_id: &str) {
    let _session = begin(user_id);
    // Saved by a version whose strips were longer.
    let stops = if user_id == CORRUPT { [2, 4, 9] } else { [2, 4, 1] };
    show(stops);
}

/// Shows the reels where they stopped.
#[inline(never)]
fn show(stops: [usize; 3]) {
    let _reels = Step::silent("function", "show the reels of the free spin");
    for stop in stops {
        black_box(STRIP[stop]);
    }
}
