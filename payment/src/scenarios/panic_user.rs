//! The gateway's `/debug/panic`: the session of one user is corrupt, and restoring it panics.
//!
//! Look for the user's id on the event, and for the tags `panic.type` and `debug.trigger`.

use actix_web::{HttpResponse, web};
use scenario::Scenario;
use service::panic_user;

use crate::domain::session;

pub(super) static PANIC: Scenario =
    panic_user::scenario("/debug/panic/{user_id}", "Error", &["{{ default }}", "Error"], |route| {
        route.to(restore)
    });

async fn restore(user_id: web::Path<String>) -> HttpResponse {
    panic_user::answer(&user_id, session::restore)
}
