//! Every route on one page.

use actix_web::middleware::from_fn;
use actix_web::{HttpResponse, web};
use broker::Publisher;
use database::{Database, State};
use scenario::{Guards, json_config, not_found, only};
use serde_json::json;

use crate::business::{financial_metrics, process, success_rate};
use crate::scenarios::CATALOGUE;

pub(crate) fn configure(app: &mut web::ServiceConfig, guards: &Guards) {
    app.app_data(json_config())
        .service(web::resource("/health").get(health).default_service(only("GET")))
        .service(web::resource("/ready").get(ready).default_service(only("GET")));
    app.service(
        web::resource("/process")
            .wrap(from_fn(success_rate::watch))
            .post(process::process)
            .default_service(only("POST")),
    )
    .service(web::resource("/financial-metrics").post(financial_metrics::show).default_service(only("POST")));
    CATALOGUE.mount(app, guards);
    app.default_service(web::to(not_found));
}

/// Waits for nothing: a dead database must not make the service look dead.
async fn health() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}

/// Payments need the database; messages wait for the broker.
async fn ready(database: web::Data<Database>, publisher: web::Data<Publisher>) -> HttpResponse {
    let mongodb = database.state();
    let (mut answer, status) = match mongodb {
        State::Up => (HttpResponse::Ok(), "ready"),
        State::Connecting | State::Down => (HttpResponse::ServiceUnavailable(), "unavailable"),
    };
    let rabbitmq = publisher.state().as_str();
    answer.json(json!({ "status": status, "mongodb": mongodb.as_str(), "rabbitmq": rabbitmq }))
}
