//! The gateway's `/debug/panic`: the session of one user is corrupt, and restoring it panics.
//!
//! Look for the user's id on the event, and for the tags `panic.type` and `debug.trigger`.

use actix_web::{HttpResponse, web};
use scenario::{Event, Expect, Level, Method, Parameter, Scenario};
use sentry_context::{sentry, user};
use serde_json::json;

use crate::domain::session::{self, CORRUPT};

static USER: Parameter = Parameter::word("user_id", CORRUPT);

pub(super) static PANIC: Scenario = Scenario {
    name: "panic",
    method: Method::Get,
    path: "/debug/panic/{user_id}",
    title: "A user whose session is corrupt",
    demonstrates: "a panic for one user only, as on the gateway",
    look_for: "the affected user, and the tags panic.type and debug.trigger",
    parameters: &[&USER],
    expect: Expect::event(
        500,
        Event {
            level: Level::Fatal,
            ty: Some("Error"),
            message: None,
            handled: Some(false),
            fingerprint: &["{{ default }}", "Error"],
            breadcrumbs: &["request", "session"],
            contexts: &["session"],
        },
    ),
    without_database: None,
    heavy: false,
    unavailable: None,
    route: |route| route.to(restore),
    active: None,
};

async fn restore(user_id: web::Path<String>) -> HttpResponse {
    user::identify(&user_id);
    if *user_id == CORRUPT {
        sentry::configure_scope(|scope| {
            scope.set_tag("panic.type", "intentional");
            scope.set_tag("debug.trigger", "panic");
        });
    }
    session::restore(&user_id);
    HttpResponse::Ok().json(json!({ "message": "the session is restored", "userId": *user_id }))
}
