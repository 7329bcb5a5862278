//! Player sessions.

use sentry_context::{breadcrumbs, facts};

/// The user whose session is corrupt on purpose, as on the gateway.
pub const CORRUPT: &str = "panic-test";

/// Restores a player's session.
///
/// # Panics
/// When the session is corrupt.
#[inline(never)]
pub fn restore(user_id: &str) {
    breadcrumbs::step("session", "restoring the session", facts([("user_id", user_id.into())]));
    assert!(user_id != CORRUPT, "the session is corrupt beyond repair");
}
