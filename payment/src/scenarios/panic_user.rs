//! The gateway's `/debug/panic`: a payout of one user expired before it was asked for, and the time left panics.
//!
//! Look for the top frame `domain::session::PendingPayout::time_left`, the user's id on the event, and the tags `panic.type` and `debug.trigger`.

use scenario::Scenario;
use service::panic_user;

use crate::domain::session::restore;

pub(super) static PANIC: Scenario =
    panic_user::scenario("/debug/panic/{user_id}", "Error", &["{{ default }}", "Error"], |route| {
        panic_user::on(route, restore)
    });
