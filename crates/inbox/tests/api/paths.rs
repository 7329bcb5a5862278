//! Wrong paths, methods and queries: JSON, always.

use reqwest::Method;

use crate::helpers::{App, EVENT_ID, answer, spawn_app};

async fn refused(app: &App, method: Method, path: &str, status: u16) -> Option<String> {
    let answer = answer(app.request(method.clone(), path)).await;
    assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
    assert!(answer.body["error"].is_string(), "{method} {path}: {answer:?}");
    answer.headers.get("Allow").map(|allow| allow.to_str().unwrap().to_owned())
}

#[actix_web::test]
async fn health_is_ok() {
    let answer = spawn_app().await.get("/health").await;
    assert_eq!((answer.status, answer.body), (200, serde_json::json!({ "status": "ok" })));
}

#[actix_web::test]
async fn an_unknown_path_is_404() {
    let app = spawn_app().await;
    for path in ["/nothing", "/api", "/api/", "/api/1/store/", "/api/1/envelope/more", "/issues", "/%ff"] {
        refused(&app, Method::GET, path, 404).await;
    }
}

#[actix_web::test]
async fn what_is_not_held_is_404() {
    let app = spawn_app().await;
    for path in ["/api/issues/1", "/api/issues/x", "/api/events/x", "/api/events/%ff"] {
        refused(&app, Method::GET, path, 404).await;
    }
    refused(&app, Method::GET, &format!("/api/events/{EVENT_ID}"), 404).await;
    refused(&app, Method::GET, &format!("/api/transactions/{EVENT_ID}"), 404).await;
}

#[actix_web::test]
async fn a_wrong_method_is_405_and_names_the_right_one() {
    let app = spawn_app().await;
    for (method, path, allowed) in [
        (Method::GET, "/api/1/envelope/", "POST"),
        (Method::PUT, "/api/1/envelope", "POST"),
        (Method::POST, "/health", "GET"),
        (Method::POST, "/api/issues", "GET, DELETE"),
        (Method::DELETE, "/api/issues/1", "GET"),
        (Method::DELETE, "/api/events", "GET"),
        (Method::DELETE, "/api/transactions", "GET"),
        (Method::POST, "/api/stats", "GET"),
        (Method::POST, "/", "GET"),
        (Method::POST, "/page.js", "GET"),
    ] {
        assert_eq!(refused(&app, method, path, 405).await.as_deref(), Some(allowed), "{path}");
    }
}

#[actix_web::test]
async fn a_query_that_makes_no_sense_is_400() {
    let app = spawn_app().await;
    for path in ["/api/events", "/api/transactions", "/api/logs", "/api/metrics"] {
        for query in ["limit=many", "limit=-1", "limit=1.5"] {
            refused(&app, Method::GET, &format!("{path}?{query}"), 400).await;
        }
    }
}
