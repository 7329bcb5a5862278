//! Is the service alive, and is what it needs there?

use actix_web::{HttpResponse, web};
use sentry_context::database::{Database, State};
use serde_json::json;

use crate::endpoint::Endpoint;
use crate::settings::SERVICE;

pub(crate) static HEALTH: Endpoint = Endpoint {
    path: "/health",
    summary: "Is the service alive?",
    answers: &[(200, "It is, and how its consumer of messages does")],
    route: |route| route.to(health),
};

pub(crate) static READY: Endpoint = Endpoint {
    path: "/ready",
    summary: "Is everything there that the service needs?",
    answers: &[(200, "It is"), (503, "Something is down; the answer names it")],
    route: |route| route.to(ready),
};

/// Waits for nothing: a dead database must not make the service look dead.
async fn health() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok", "service": SERVICE.name, "consumer": "stopped" }))
}

async fn ready(database: web::Data<Database>) -> HttpResponse {
    let mongodb = database.state();
    let (mut answer, status) = match mongodb {
        State::Up => (HttpResponse::Ok(), "ready"),
        State::Connecting | State::Down => (HttpResponse::ServiceUnavailable(), "unavailable"),
    };
    answer.json(json!({ "status": status, "mongodb": mongodb.as_str() }))
}
