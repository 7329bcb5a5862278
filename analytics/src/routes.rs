//! Every route on one page.

use actix_web::{HttpResponse, web};
use scenario::{Guards, json_config, not_found, only};
use sentry_context::failure::AnswerStyle;
use serde_json::json;

use crate::scenarios::CATALOGUE;

pub(crate) fn configure(app: &mut web::ServiceConfig, guards: &Guards) {
    app.app_data(json_config())
        // FastAPI names the reason of every refusal `detail`; its clients read that.
        .app_data(AnswerStyle(|body| {
            let detail = body.get("error").cloned();
            body.entry("detail".to_owned()).or_insert_with(|| detail.into());
        }))
        .service(web::resource("/health").get(health).default_service(only("GET")))
        .service(web::resource("/ready").get(ready).default_service(only("GET")));
    CATALOGUE.mount(app, guards);
    app.default_service(web::to(not_found));
}

async fn health() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok", "service": "analytics", "consumer": "stopped" }))
}

/// Nothing that the crash scenarios need lies outside the process.
async fn ready() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ready" }))
}
