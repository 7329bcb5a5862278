//! The scenario of the user whose session is corrupt: restoring it panics, for this user only. The panic itself is in
//! the domain of each service, so that the event shows the service's own frames.

use actix_web::{HttpResponse, Route, web};
use scenario::{Event, Expect, Method, Parameter, Scenario};
use sentry_context::step::Step;
use sentry_context::{contexts, facts, sentry, user};
use serde_json::json;

/// The user whose session is corrupt on purpose.
pub const CORRUPT: &str = "panic-test";

static USER: Parameter = Parameter::word("user_id", CORRUPT);

const PARAMETERS: &[&Parameter] = &[&USER];

/// The declaration, for a service whose panics have that exception type and these fingerprints.
pub const fn scenario(
    path: &'static str,
    panic_type: &'static str,
    fingerprint: &'static [&'static str],
    route: fn(Route) -> Route,
) -> Scenario {
    Scenario {
        name: "panic",
        method: Method::Get,
        path,
        title: "A user whose session is corrupt",
        demonstrates: "a panic for one user only, as on the gateway",
        look_for: "the affected user, and the tags panic.type and debug.trigger",
        parameters: PARAMETERS,
        expect: Expect::event(
            500,
            Event::panic(panic_type, fingerprint).breadcrumbs(&["request", "session"]).contexts(&["session"]),
        ),
        route,
        ..Scenario::PLAIN
    }
}

/// The route's handler: restores the session of a user by the function of the service's domain, and answers.
pub fn on(route: Route, restore: fn(&str)) -> Route {
    route.to(move |user_id: web::Path<String>| async move { answer(&user_id, restore) })
}

fn answer(user_id: &str, restore: fn(&str)) -> HttpResponse {
    user::identify(user_id);
    if user_id == CORRUPT {
        sentry::configure_scope(|scope| {
            scope.set_tag("panic.type", "intentional");
            scope.set_tag("debug.trigger", "panic");
        });
    }
    restore(user_id);
    HttpResponse::Ok().json(json!({ "message": "the session is restored", "userId": user_id }))
}

/// Begins to restore a session, for whatever event that may come to.
pub fn begin(user_id: &str) -> Step {
    let data = facts([("user_id", user_id.into())]);
    contexts::set("session", data.clone());
    Step::begin("session", "restoring the session", data)
}
