//! The gateway's `/debug/panic`: a free spin of one user stopped beyond the strip of a reel, and showing it panics.
//!
//! Look for the top frame `domain::session::show`, the user's id on the event, and the tags `panic.type` and `debug.trigger`.

use scenario::Scenario;
use service::panic_user;

use crate::domain::session::restore;

pub(super) static PANIC: Scenario = panic_user::scenario(
    "/debug/panic/{user_id}",
    "RuntimeError",
    &["{{ default }}", "RuntimeError"],
    |route| panic_user::on(route, restore),
);
