//! Every route on one page.

use actix_web::web;
use scenario::{Guards, json_config, not_found};
use sentry_context::failure::AnswerStyle;

use crate::endpoint::Endpoint;
use crate::scenarios::CATALOGUE;
use crate::{docs, health};

/// All routes that are no scenarios.
pub(crate) static ENDPOINTS: &[&Endpoint] = &[&health::HEALTH, &health::READY];

pub(crate) fn configure(app: &mut web::ServiceConfig, guards: &Guards) {
    app.app_data(json_config())
        // FastAPI names the reason of every refusal `detail`; its clients read that.
        .app_data(AnswerStyle(|body| {
            let detail = body.get("error").cloned();
            body.entry("detail".to_owned()).or_insert_with(|| detail.into());
        }));
    for endpoint in ENDPOINTS {
        endpoint.mount(app);
    }
    docs::mount(app);
    CATALOGUE.mount(app, guards);
    app.default_service(web::to(not_found));
}
