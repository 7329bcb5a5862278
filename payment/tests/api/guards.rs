use fixtures::common::guards;
use payment::scenarios::CATALOGUE;
use scenario::Guards;

use crate::helpers::{spawn_app, spawn_app_with};

#[actix_web::test]
async fn switched_off_debug_routes_do_not_exist() {
    let app = spawn_app_with(|settings| settings.shared.guards = Guards::new(false, None)).await;
    let paths = ["/debug", "/debug/crash", "/debug/stack-overflow", "/debug/panic/panic-test"];
    guards::hide_debug_routes(&app, &paths).await;
    assert_eq!(app.delete("/debug/memory-leak").await.status, 404);
}

#[actix_web::test]
async fn a_token_is_asked_for_and_never_reported() {
    let token = Guards::new(true, Some("s3cret".to_owned()));
    let app = spawn_app_with(|settings| settings.shared.guards = token).await;
    guards::ask_for_the_token(&app, "/debug/type-error", "s3cret").await;
}

#[actix_web::test]
async fn the_catalogue_lists_every_scenario_with_its_promise() {
    let app = spawn_app().await;
    let scenarios = guards::list_every_scenario(&app, "/debug", "payment", CATALOGUE.scenarios.len()).await;
    let by_itself = scenarios.iter().filter(|it| it["expect_without_database"].is_null());
    assert_eq!(by_itself.count(), scenarios.len() - 1, "database-error alone needs the database");
}
