//! Every route on one page.

use actix_web::middleware::from_fn;
use actix_web::{HttpResponse, web};
use broker::Publisher;
use database::Database;
use scenario::{Guards, json_config, not_found, only};
use service::health::{health, ready_with};

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

/// Payments need the database; messages wait for the broker.
async fn ready(database: web::Data<Database>, publisher: web::Data<Publisher>) -> HttpResponse {
    ready_with(database.state(), publisher.state())
}
