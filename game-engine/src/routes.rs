//! Every route on one page.

use actix_web::{HttpResponse, web};
use broker::Publisher;
use scenario::{Guards, json_config, not_found, only};
use service::feedback;
use service::health::{always_ready, health};

use crate::business::{business_metrics, calculate};
use crate::domain::unstored::GameStore;
use crate::scenarios::CATALOGUE;

pub(crate) fn configure(app: &mut web::ServiceConfig, guards: &Guards) {
    app.app_data(json_config())
        .service(web::resource("/health").get(health).default_service(only("GET")))
        .service(web::resource("/ready").get(ready).default_service(only("GET")));
    app.service(web::resource("/calculate").post(calculate::calculate).default_service(only("POST")))
        .service(
            web::resource("/business-metrics").post(business_metrics::show).default_service(only("POST")),
        );
    CATALOGUE.mount(app, guards);
    feedback::mount(app, &CATALOGUE, guards);
    app.default_service(web::to(not_found));
}

/// A spin needs neither: it is stored and published once they are there.
async fn ready(games: web::Data<GameStore>, publisher: web::Data<Publisher>) -> HttpResponse {
    always_ready(games.state(), publisher.state())
}
