//! Every route on one page.

use actix_web::{HttpResponse, web};
use scenario::{Guards, json_config, not_found, only};
use sentry_context::database::Database;
use serde_json::json;

use crate::scenarios::CATALOGUE;

pub(crate) fn configure(app: &mut web::ServiceConfig, guards: &Guards) {
    app.app_data(json_config())
        .service(web::resource("/health").get(health).default_service(only("GET")))
        .service(web::resource("/ready").get(ready).default_service(only("GET")));
    CATALOGUE.mount(app, guards);
    app.default_service(web::to(not_found));
}

/// Waits for nothing: a dead database must not make the service look dead.
async fn health() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}

async fn ready(database: web::Data<Database>) -> HttpResponse {
    let up = database.is_up();
    let mut answer = if up { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    let (status, mongodb) = if up { ("ready", "up") } else { ("unavailable", "down") };
    answer.json(json!({ "status": status, "mongodb": mongodb }))
}
