use analytics::scenarios::CATALOGUE;
use reqwest::Method;
use scenario::Guards;

use crate::helpers::{answer, spawn_app, spawn_app_with};

#[actix_web::test]
async fn switched_off_debug_routes_do_not_exist() {
    let app = spawn_app_with(|settings| settings.guards = Guards::new(false, None)).await;
    for path in ["/api/debug", "/api/debug/crash", "/api/debug/timeout", "/api/debug/panic/panic-test"] {
        let answer = app.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.body["detail"].is_string(), "{path}: {answer:?}");
    }
    assert_eq!(app.get("/health").await.status, 200);
}

#[actix_web::test]
async fn a_token_is_asked_for_and_never_reported() {
    let app = spawn_app_with(|settings| settings.guards = Guards::new(true, Some("s3cret".to_owned()))).await;
    assert_eq!(app.get("/api/debug/crash").await.status, 401);
    let wrong = app.request(Method::GET, "/api/debug/crash").bearer_auth("s3cre");
    assert_eq!(answer(wrong).await.status, 401);

    let right = answer(app.request(Method::GET, "/api/debug/crash").bearer_auth("s3cret")).await;
    assert_eq!(right.status, 500);
    let event = app.event_of(&right).await;
    assert!(!event.to_string().contains("s3cret"), "{event}");
}

#[actix_web::test]
async fn the_catalogue_lists_every_scenario_with_its_promise() {
    let app = spawn_app().await;
    let catalogue = app.get("/api/debug").await.body;
    assert_eq!(catalogue["service"], "analytics");
    let scenarios = catalogue["scenarios"].as_array().unwrap();
    assert_eq!(scenarios.len(), CATALOGUE.scenarios.len());
    for scenario in scenarios {
        for field in ["id", "method", "path", "title", "demonstrates", "parameters", "expect", "look_for"] {
            assert!(!scenario[field].is_null(), "{field} of {scenario}");
        }
    }
}
