//! Every route on one page.

use actix_web::middleware::from_fn;
use actix_web::{HttpResponse, web};
use broker::Publisher;
use scenario::{Guards, json_config, not_found, only};
use service::feedback;
use service::health::health;

use crate::business::{financial_metrics, process, success_rate};
use crate::domain::ledger::Ledger;
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
    feedback::mount(app, &CATALOGUE, guards);
    app.default_service(web::to(not_found));
}

async fn ready(ledger: web::Data<Ledger>, publisher: web::Data<Publisher>) -> HttpResponse {
    ledger.ready(publisher.state())
}
