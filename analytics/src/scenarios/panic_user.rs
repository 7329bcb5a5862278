//! The gateway's `/debug/panic`: the report that one user had open has a name that is cut within a character, which panics.
//!
//! Look for the top frame `domain::session::title`, the user's id on the event, and the tags `panic.type` and `debug.trigger`.

use scenario::Scenario;
use service::panic_user;

use crate::domain::session::restore;

pub(super) static PANIC: Scenario = panic_user::scenario(
    "/api/debug/panic/{user_id}",
    "RuntimeError",
    &["{{ default }}", "RuntimeError"],
    |route| panic_user::on(route, restore),
);
