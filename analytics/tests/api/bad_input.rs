use fixtures::common::input;
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderValue, ORIGIN};
use scenario::Guards;
use serde_json::{Value, json};

use crate::helpers::{answer, spawn_app, spawn_app_with};

#[actix_web::test]
async fn an_unknown_path_is_404_with_a_detail() {
    let answer = input::of_an_unknown_path_is_404(&spawn_app().await).await;
    assert_eq!(answer["detail"], answer["error"]);
    assert!(answer["detail"].is_string(), "{answer}");
}

#[actix_web::test]
async fn a_wrong_method_is_405_with_a_detail_and_those_allowed() {
    let app = spawn_app().await;
    let allowed = [
        ("/health", "GET, HEAD"),
        ("/ready", "GET, HEAD"),
        ("/docs", "GET, HEAD"),
        ("/openapi.json", "GET, HEAD"),
        ("/api/debug", "GET, HEAD"),
        ("/api/debug/crash", "GET, HEAD"),
        ("/api/debug/validation-error", "GET, HEAD, POST"),
    ];
    for answer in input::with_a_wrong_method_is_405(&app, Method::PUT, &allowed).await {
        assert!(answer["detail"].is_string(), "{answer}");
    }
}

#[actix_web::test]
async fn a_parameter_out_of_bounds_is_422_with_fastapis_list() {
    let app = spawn_app().await;
    for (given, kind, bound) in [
        ("31", "less_than_equal", "30"),
        ("inf", "less_than_equal", "30"),
        ("0", "greater_than_equal", "0.1"),
        ("-1", "greater_than_equal", "0.1"),
        ("NaN", "greater_than_equal", "0.1"),
        ("five", "float_parsing", "number"),
        ("", "float_parsing", "number"),
    ] {
        let answer = app.get(&format!("/api/debug/timeout?seconds={given}")).await;
        assert_eq!((answer.status, &answer.body["type"]), (422, &json!("RequestValidationError")), "{given}");
        let detail = &answer.body["detail"][0];
        assert_eq!(
            (&detail["type"], &detail["loc"], &detail["input"]),
            (&json!(kind), &json!(["query", "seconds"]), &json!(given)),
        );
        assert!(detail["msg"].as_str().unwrap().contains(bound), "{detail}");
    }
    app.transaction("GET /api/debug/timeout").await;
    assert_eq!(app.inbox.events(), Vec::<Value>::new());
}

#[actix_web::test]
async fn hostile_headers_change_nothing() {
    let origin = HeaderMap::from_iter([(ORIGIN, HeaderValue::from_static("not an origin"))]);
    input::in_headers_changes_nothing(&spawn_app().await, "/api/debug/crash", origin).await;
}

#[actix_web::test]
async fn what_went_wrong_is_the_status_of_the_transaction() {
    let token = Guards::new(true, Some("s3cret".to_owned()));
    let app = spawn_app_with(|settings| settings.guards = token).await;
    for (method, path, http, status) in [
        (Method::GET, "/nowhere", 404, "not_found"),
        (Method::PUT, "/health", 405, "invalid_argument"),
        (Method::GET, "/ready", 503, "unavailable"),
        (Method::GET, "/api/debug/crash", 401, "unauthenticated"),
        (Method::GET, "/docs", 200, "ok"),
    ] {
        assert_eq!(answer(app.request(method.clone(), path)).await.status, http, "{path}");
        let name = if http == 404 { format!("{method} <none>") } else { format!("{method} {path}") };
        assert_eq!(app.transaction(&name).await["contexts"]["trace"]["status"], status, "{path}");
    }
}
