//! Every route on one page.

use actix_web::web;
use scenario::{Guards, json_config, not_found};
use sentry_context::failure::AnswerStyle;
use service::feedback;

use crate::docs;
use crate::endpoints::endpoints;
use crate::scenarios::CATALOGUE;

pub(crate) fn configure(app: &mut web::ServiceConfig, guards: &Guards) {
    app.app_data(json_config())
        // FastAPI names the reason of every refusal `detail`; its clients read that.
        .app_data(AnswerStyle(|body| {
            let detail = body.get("error").cloned();
            body.entry("detail".to_owned()).or_insert_with(|| detail.into());
        }));
    endpoints().for_each(|endpoint| endpoint.mount(app));
    docs::mount(app, guards.are_open());
    CATALOGUE.mount(app, guards);
    feedback::mount(app, &CATALOGUE, guards);
    app.default_service(web::to(not_found));
}
