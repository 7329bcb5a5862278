//! A player's registration with invalid fields.
//!
//! GET validates one that the service itself made wrong: a fault of the service, so an event. POST validates the
//! caller's: a mistake there is the caller's, answered with the same list and no event. Look for the tag
//! `validation.fields`, which decides the issue, and for the context `validation_error`.

use actix_web::{HttpResponse, web};
use scenario::{Event, Expect, Method, Refusal, Scenario};
use sentry_context::failure::Failure;
use sentry_context::report::Traced;
use serde_json::{Value, json};

use crate::detail::{Detail, RequestInvalid};
use crate::domain::player::{Invalid, Player};

/// Longest body, bytes: a registration has three short fields.
const BODY_LIMIT: usize = 64 * 1024;

pub(super) static STORED: Scenario = Scenario {
    name: "validation-error",
    method: Method::Get,
    path: "/api/debug/validation-error",
    title: "A registration with three invalid fields",
    demonstrates: "a validator's findings: one event, grouped by the set of failing fields",
    look_for: "the tag validation.fields, and each field with its reason in the context validation_error",
    expect: Expect::event(
        500,
        Event::error("ValidationError", &["analytics", "validation", "age,email,user_id"])
            .breadcrumbs(&["request", "validation"])
            .contexts(&["validation_error"]),
    ),
    route: |route| route.to(stored),
    ..Scenario::PLAIN
};

pub(super) static SUBMITTED: Scenario = Scenario {
    name: "validation",
    method: Method::Post,
    path: "/api/debug/validation-error",
    title: "A registration with the caller's mistakes",
    demonstrates: "that a caller's mistake is answered in full and disturbs nobody: 422 and no event",
    look_for: "the transaction alone, with status invalid_argument",
    // Without a body nothing is validated.
    expect: Expect::answer(422).bare(),
    route: |route| route.to(submitted),
    ..Scenario::PLAIN
};

async fn stored() -> Result<HttpResponse, Failure> {
    let stored = json!({ "user_id": "", "age": -5, "email": "nobody at example" });
    let player = Player::read(&stored)?;
    Ok(HttpResponse::Ok().json(json!({ "status": "valid", "data": player })))
}

async fn submitted(payload: web::Payload) -> Result<HttpResponse, Failure> {
    let body = payload.to_bytes_limited(BODY_LIMIT).await.map_err(|_| Refusal::TooLarge)?;
    let body = body.map_err(|error| Refusal::BadBody(error.to_string()))?;
    if body.is_empty() {
        let (kind, msg) = ("missing".to_owned(), "Field required".to_owned());
        let missing = Detail { kind, loc: vec!["body".to_owned()], msg, input: Value::Null };
        return Err(RequestInvalid(vec![missing]).into());
    }
    let body: Value = serde_json::from_slice(&body).map_err(|error| Refusal::BadBody(error.to_string()))?;
    let reported = |invalid: Traced<Invalid>| RequestInvalid(invalid.error.details);
    scenario::identify(&body);
    let player = Player::read(&body).map_err(reported)?;
    Ok(HttpResponse::Ok().json(json!({ "status": "valid", "data": player })))
}
