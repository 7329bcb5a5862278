//! Every route on one page.

use actix_web::{HttpResponse, web};
use scenario::{Guards, json_config, not_found, only};
use serde_json::json;

use crate::scenarios::CATALOGUE;

pub(crate) fn configure(app: &mut web::ServiceConfig, guards: &Guards) {
    app.app_data(json_config())
        .service(web::resource("/health").get(health).default_service(only("GET")))
        .service(web::resource("/ready").get(ready).default_service(only("GET")));
    CATALOGUE.mount(app, guards);
    app.default_service(web::to(not_found));
}

async fn health() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}

/// Nothing that the crash scenarios need lies outside the process.
async fn ready() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ready" }))
}
