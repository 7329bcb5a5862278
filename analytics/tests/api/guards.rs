use analytics::scenarios::CATALOGUE;
use fixtures::common::guards;
use scenario::Guards;

use crate::helpers::{spawn_app, spawn_app_with};

#[actix_web::test]
async fn switched_off_debug_routes_do_not_exist() {
    let app = spawn_app_with(|settings| settings.guards = Guards::new(false, None)).await;
    let paths = ["/api/debug", "/api/debug/crash", "/api/debug/timeout", "/api/debug/panic/panic-test"];
    for answer in guards::hide_debug_routes(&app, &paths).await {
        assert!(answer["detail"].is_string(), "{answer}");
    }
}

#[actix_web::test]
async fn a_token_is_asked_for_and_never_reported() {
    let token = Guards::new(true, Some("s3cret".to_owned()));
    let app = spawn_app_with(|settings| settings.guards = token).await;
    guards::ask_for_the_token(&app, "/api/debug/crash", "s3cret").await;
}

#[actix_web::test]
async fn the_catalogue_lists_every_scenario_with_its_promise() {
    let app = spawn_app().await;
    guards::list_every_scenario(&app, "/api/debug", "analytics", CATALOGUE.scenarios.len()).await;
}
