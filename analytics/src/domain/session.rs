//! Player sessions.

use sentry_context::{breadcrumbs, contexts, facts};

/// The user whose session is corrupt on purpose, as on the gateway.
pub const CORRUPT: &str = "panic-test";

/// Restores a player's session.
///
/// # Panics
/// When the session is corrupt.
#[inline(never)]
pub fn restore(user_id: &str) {
    let data = facts([("user_id", user_id.into())]);
    breadcrumbs::step("session", "restoring the session", data.clone());
    contexts::set("session", data);
    assert!(user_id != CORRUPT, "the session is corrupt beyond repair");
}
