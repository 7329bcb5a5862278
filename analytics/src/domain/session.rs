//! Player sessions.

use service::panic_user::{CORRUPT, note};

/// Restores a player's session.
///
/// # Panics
/// When the session is corrupt.
#[inline(never)]
pub fn restore(user_id: &str) {
    note(user_id);
    assert!(user_id != CORRUPT, "the session is corrupt beyond repair");
}
