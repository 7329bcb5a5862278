use reqwest::Method;
use scenario::Guards;

use crate::helpers::{answer, spawn_app, spawn_app_with};

#[actix_web::test]
async fn switched_off_debug_routes_do_not_exist() {
    let app = spawn_app_with(|settings| settings.shared.guards = Guards::new(false, None)).await;
    for path in ["/debug", "/debug/crash", "/debug/error/value", "/debug/panic/panic-test"] {
        assert_eq!(app.get(path).await.status, 404, "{path}");
    }
    assert_eq!(app.get("/health").await.status, 200);
}

#[actix_web::test]
async fn a_token_is_asked_for_and_never_reported() {
    let app =
        spawn_app_with(|settings| settings.shared.guards = Guards::new(true, Some("s3cret".to_owned())))
            .await;
    assert_eq!(app.get("/debug/crash").await.status, 401);
    let wrong = app.request(Method::GET, "/debug/crash").bearer_auth("s3cre");
    assert_eq!(answer(wrong).await.status, 401);

    let right = answer(app.request(Method::GET, "/debug/crash").bearer_auth("s3cret")).await;
    assert_eq!(right.status, 500);
    let event = app.event_of(&right).await;
    assert!(!event.to_string().contains("s3cret"), "{event}");
}

#[actix_web::test]
async fn the_catalogue_lists_every_scenario_with_its_promise() {
    let app = spawn_app().await;
    let catalogue = app.get("/debug").await.body;
    assert_eq!(catalogue["service"], "game-engine");
    let scenarios = catalogue["scenarios"].as_array().unwrap();
    assert_eq!(scenarios.len(), game_engine::scenarios::CATALOGUE.scenarios.len());
    for scenario in scenarios {
        for field in ["id", "method", "path", "title", "demonstrates", "parameters", "expect", "look_for"] {
            assert!(!scenario[field].is_null(), "{field} of {scenario}");
        }
        for field in ["status", "level", "type", "fingerprint", "events"] {
            assert!(scenario["expect"].get(field).is_some(), "expect.{field} of {scenario}");
        }
    }
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
