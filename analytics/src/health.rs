//! Whether the service is alive, and whether its dependencies are available.

use actix_web::{HttpResponse, web};
use broker::Consuming;
use database::Database;
use serde_json::json;
use service::health::ready_with;

use crate::endpoint::Endpoint;
use crate::settings::SERVICE;

pub(crate) static HEALTH: Endpoint = Endpoint {
    path: "/health",
    summary: "Is the service alive?",
    parameters: &[],
    shape: None,
    answers: &[(200, "It is, and how its consumer of messages does")],
    route: |route| route.to(health),
};

pub(crate) static READY: Endpoint = Endpoint {
    path: "/ready",
    summary: "Is everything there that the service needs?",
    parameters: &[],
    shape: None,
    answers: &[(200, "It is"), (503, "Something is down; the answer names it")],
    route: |route| route.to(ready),
};

/// Waits for nothing: a dead database must not make the service look dead.
async fn health(consuming: web::Data<Consuming>) -> HttpResponse {
    let consumer = if consuming.is_running() { "running" } else { "stopped" };
    HttpResponse::Ok().json(json!({ "status": "ok", "service": SERVICE.name, "consumer": consumer }))
}

async fn ready(database: web::Data<Database>, consuming: web::Data<Consuming>) -> HttpResponse {
    ready_with(database.state(), consuming.state())
}
