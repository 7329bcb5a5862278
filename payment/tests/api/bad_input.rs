use reqwest::Method;
use serde_json::json;

use crate::helpers::{answer, spawn_app};

#[actix_web::test]
async fn an_unknown_path_is_404_as_json() {
    let app = spawn_app().await;
    let answer = app.get("/no/such/path").await;
    assert_eq!((answer.status, &answer.body["type"]), (404, &json!("NotFound")));
    assert_eq!(app.transaction("GET <none>").await["contexts"]["trace"]["status"], "not_found");
}

#[actix_web::test]
async fn a_wrong_method_is_405_with_those_allowed() {
    let app = spawn_app().await;
    let crash = answer(app.request(Method::POST, "/debug/crash")).await;
    assert_eq!((crash.status, crash.headers["allow"].to_str().unwrap()), (405, "GET, HEAD"));
    let leak = answer(app.request(Method::PUT, "/debug/memory-leak")).await;
    assert_eq!((leak.status, leak.headers["allow"].to_str().unwrap()), (405, "GET, HEAD, DELETE"));
    assert_eq!(answer(app.request(Method::POST, "/ready")).await.status, 405);
}

#[actix_web::test]
async fn a_parameter_out_of_bounds_is_400_and_names_them() {
    let app = spawn_app().await;
    for (query, parameter, min, max) in [
        ("/debug/memory-leak?mb=0", "mb", 1.0, 100.0),
        ("/debug/memory-leak?mb=101", "mb", 1.0, 100.0),
        ("/debug/memory-leak?mb=fifty", "mb", 1.0, 100.0),
        ("/debug/memory-leak?mb=", "mb", 1.0, 100.0),
        ("/debug/event-loop-block?seconds=31", "seconds", 0.1, 30.0),
        ("/debug/event-loop-block?seconds=0", "seconds", 0.1, 30.0),
        ("/debug/event-loop-block?seconds=NaN", "seconds", 0.1, 30.0),
    ] {
        let answer = app.get(query).await;
        assert_eq!(answer.status, 400, "{query}");
        let reported = (&answer.body["parameter"], &answer.body["min"], &answer.body["max"]);
        assert_eq!(reported, (&json!(parameter), &json!(min), &json!(max)), "{query}");
    }
    assert_eq!(app.delete("/debug/memory-leak").await.body["released_mb"], 0);
}

#[actix_web::test]
async fn hostile_headers_change_nothing() {
    let app = spawn_app().await;
    let request = app
        .request(Method::GET, "/debug/crash")
        .header("X-User-Id", "u".repeat(4_000))
        .header("X-Demo-Run", "r".repeat(4_000))
        .header("sentry-trace", "not-a-trace")
        .header("baggage", "%%%");
    let answer = answer(request).await;
    assert_eq!(answer.status, 500);
    let event = app.event_of(&answer).await;
    assert_eq!(event["user"]["id"], "anonymous");
    assert!(event["tags"].get("demo.run_id").is_none());
}
