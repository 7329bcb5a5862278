use reqwest::Method;
use scenario::Guards;
use serde_json::{Value, json};

use crate::helpers::{answer, spawn_app, spawn_app_with};

#[actix_web::test]
async fn an_unknown_path_is_404_with_a_detail() {
    let app = spawn_app().await;
    let answer = app.get("/no/such/path").await;
    assert_eq!((answer.status, &answer.body["type"]), (404, &json!("NotFound")));
    assert_eq!(answer.body["detail"], answer.body["error"]);
    assert!(answer.body["detail"].is_string(), "{answer:?}");
    assert_eq!(app.transaction("GET <none>").await["contexts"]["trace"]["status"], "not_found");
}

#[actix_web::test]
async fn a_wrong_method_is_405_with_a_detail_and_those_allowed() {
    let app = spawn_app().await;
    for (path, allowed) in [
        ("/health", "GET, HEAD"),
        ("/ready", "GET, HEAD"),
        ("/docs", "GET, HEAD"),
        ("/openapi.json", "GET, HEAD"),
        ("/api/debug", "GET, HEAD"),
        ("/api/debug/crash", "GET, HEAD"),
        ("/api/debug/validation-error", "GET, HEAD, POST"),
    ] {
        let answer = answer(app.request(Method::PUT, path)).await;
        assert_eq!((answer.status, answer.headers["allow"].to_str().unwrap()), (405, allowed), "{path}");
        assert!(answer.body["detail"].is_string(), "{path}: {answer:?}");
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
    let app = spawn_app().await;
    let request = app
        .request(Method::GET, "/api/debug/crash")
        .header("X-User-Id", "u".repeat(4_000))
        .header("X-Demo-Run", "r".repeat(4_000))
        .header("sentry-trace", "not-a-trace")
        .header("baggage", "%%%")
        .header("Origin", "not an origin");
    let answer = answer(request).await;
    assert_eq!(answer.status, 500);
    let event = app.event_of(&answer).await;
    assert_eq!(event["user"]["id"], "anonymous");
    assert!(event["tags"].get("demo.run_id").is_none());
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
