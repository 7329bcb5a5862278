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
    for path in ["/nothing", "/api", "/api/", "/api/1/replay/", "/api/1/envelope/more", "/issues", "/%ff"] {
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
        (Method::POST, "/health", "GET, HEAD"),
        (Method::POST, "/api/issues", "GET, HEAD, DELETE"),
        (Method::DELETE, "/api/issues/1", "GET, HEAD, PUT"),
        (Method::GET, "/api/all", "DELETE"),
        (Method::PUT, "/stream", "GET, HEAD, POST"),
        (Method::DELETE, "/api/events", "GET, HEAD"),
        (Method::DELETE, "/api/transactions", "GET, HEAD"),
        (Method::POST, "/api/stats", "GET, HEAD"),
        (Method::POST, "/", "GET, HEAD"),
        (Method::POST, "/page.js", "GET, HEAD"),
    ] {
        assert_eq!(refused(&app, method, path, 405).await.as_deref(), Some(allowed), "{path}");
    }
}

#[actix_web::test]
async fn head_is_answered_as_get_without_a_body() {
    let app = spawn_app().await;
    for path in ["/", "/health", "/api/issues", "/api/stats", "/page.js", "/nothing"] {
        let get = app.request(Method::GET, path).send().await.unwrap();
        let head = app.request(Method::HEAD, path).send().await.unwrap();
        assert_eq!(head.status(), get.status(), "{path}");
        assert_eq!(head.headers()["content-type"], get.headers()["content-type"], "{path}");
        assert_ne!(head.headers()["content-length"], "0", "{path}");
        assert!(head.bytes().await.unwrap().is_empty(), "{path}");
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
