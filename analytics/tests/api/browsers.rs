use reqwest::Method;

use crate::helpers::{answer, spawn_app};

const ORIGIN: &str = "https://casino.example";

#[actix_web::test]
async fn a_browser_on_any_origin_may_ask_first() {
    let app = spawn_app().await;
    let preflight = app
        .request(Method::OPTIONS, "/api/debug/validation-error")
        .header("Origin", ORIGIN)
        .header("Access-Control-Request-Method", "POST")
        .header("Access-Control-Request-Headers", "content-type,sentry-trace,baggage");
    let answer = answer(preflight).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["access-control-allow-origin"], ORIGIN);
    assert_eq!(answer.headers["access-control-allow-headers"], "content-type,sentry-trace,baggage");
    assert!(answer.headers["access-control-allow-methods"].to_str().unwrap().contains("POST"));
}

#[actix_web::test]
async fn a_browser_on_any_origin_may_read_answers_and_failures() {
    let app = spawn_app().await;
    for (path, status) in
        [("/health", 200), ("/api/debug/crash", 500), ("/api/debug/validation-error", 500), ("/nowhere", 404)]
    {
        let answer = answer(app.request(Method::GET, path).header("Origin", ORIGIN)).await;
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.headers["access-control-allow-origin"], ORIGIN, "{path}");
    }
}

#[actix_web::test]
async fn a_browser_may_read_the_id_of_the_event() {
    let app = spawn_app().await;
    let answer = answer(app.request(Method::GET, "/api/debug/crash").header("Origin", ORIGIN)).await;
    let exposed = answer.headers["access-control-expose-headers"].to_str().unwrap();
    assert!(exposed.contains("x-sentry-event-id"), "{exposed}");
}
