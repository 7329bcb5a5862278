use fixtures::common::guards;
use game_engine::scenarios::CATALOGUE;
use reqwest::Method;
use scenario::Guards;

use crate::helpers::{answer, spawn_app, spawn_app_with};

#[actix_web::test]
async fn switched_off_debug_routes_do_not_exist() {
    let app = spawn_app_with(|settings| settings.shared.guards = Guards::new(false, None)).await;
    let paths = ["/debug", "/debug/crash", "/debug/error/value", "/debug/panic/panic-test"];
    guards::hide_debug_routes(&app, &paths).await;
}

#[actix_web::test]
async fn a_token_is_asked_for_and_never_reported() {
    let token = Guards::new(true, Some("s3cret".to_owned()));
    let app = spawn_app_with(|settings| settings.shared.guards = token).await;
    guards::ask_for_the_token(&app, "/debug/crash", "s3cret").await;
}

#[actix_web::test]
async fn the_catalogue_lists_every_scenario_with_its_promise() {
    let app = spawn_app().await;
    guards::list_every_scenario(&app, "/debug", "game-engine", CATALOGUE.scenarios.len()).await;
}

#[actix_web::test]
async fn the_scheme_of_a_token_may_be_in_any_case() {
    let guards = Guards::new(true, Some("s3cret".to_owned()));
    let app = spawn_app_with(|settings| settings.shared.guards = guards).await;
    for (header, status) in [
        ("Bearer s3cret", 200),
        ("bearer s3cret", 200),
        ("BEARER  s3cret", 200),
        ("Basic s3cret", 401),
        ("s3cret", 401),
        ("bearer", 401),
        ("bearer s3cre", 401),
        ("bearer s3cret ", 200),
    ] {
        let request = app.request(Method::GET, "/debug").header("Authorization", header);
        assert_eq!(answer(request).await.status, status, "{header}");
    }
}
