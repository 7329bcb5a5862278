use reqwest::Method;
use scenario::Guards;

use crate::helpers::{answer, spawn_app, spawn_app_with};

#[actix_web::test]
async fn switched_off_debug_routes_do_not_exist() {
    let app = spawn_app_with(|settings| settings.shared.guards = Guards::new(false, None)).await;
    for path in ["/debug", "/debug/crash", "/debug/stack-overflow", "/debug/panic/panic-test"] {
        assert_eq!(app.get(path).await.status, 404, "{path}");
    }
    assert_eq!(app.delete("/debug/memory-leak").await.status, 404);
    assert_eq!(app.get("/health").await.status, 200);
}

#[actix_web::test]
async fn a_token_is_asked_for_and_never_reported() {
    let app =
        spawn_app_with(|settings| settings.shared.guards = Guards::new(true, Some("s3cret".to_owned())))
            .await;
    assert_eq!(app.get("/debug/type-error").await.status, 401);
    let wrong = app.request(Method::GET, "/debug/type-error").bearer_auth("s3cre");
    assert_eq!(answer(wrong).await.status, 401);

    let right = answer(app.request(Method::GET, "/debug/type-error").bearer_auth("s3cret")).await;
    assert_eq!(right.status, 500);
    let event = app.event_of(&right).await;
    assert!(!event.to_string().contains("s3cret"), "{event}");
}

#[actix_web::test]
async fn the_catalogue_lists_every_scenario_with_its_promise() {
    let app = spawn_app().await;
    let catalogue = app.get("/debug").await.body;
    assert_eq!(catalogue["service"], "payment");
    let scenarios = catalogue["scenarios"].as_array().unwrap();
    assert_eq!(scenarios.len(), payment::scenarios::CATALOGUE.scenarios.len());
    for scenario in scenarios {
        for field in ["id", "method", "path", "title", "demonstrates", "parameters", "expect", "look_for"] {
            assert!(!scenario[field].is_null(), "{field} of {scenario}");
        }
        for field in ["status", "level", "type", "fingerprint", "events"] {
            assert!(scenario["expect"].get(field).is_some(), "expect.{field} of {scenario}");
        }
    }
    let by_itself = scenarios.iter().filter(|it| it["expect_without_database"].is_null());
    assert_eq!(by_itself.count(), scenarios.len() - 1, "database-error alone needs the database");
}
