use reqwest::Method;
use serde_json::json;

use crate::helpers::{answer, exception, spawn_app, top_frame};

#[actix_web::test]
async fn a_crash_is_a_500_that_names_its_one_fatal_event() {
    let app = spawn_app().await;
    let answer = answer(app.request(Method::GET, "/debug/crash").header("X-User-Id", "alice")).await;
    assert_eq!((answer.status, &answer.body["type"]), (500, &json!("RuntimeError")));
    assert_eq!(answer.headers["x-sentry-event-id"].to_str().unwrap(), answer.body["event_id"]);

    let event = app.event_of(&answer).await;
    assert_eq!(event["level"], "fatal");
    assert_eq!(event["transaction"], "GET /debug/crash");
    assert_eq!(event["fingerprint"], json!(["{{ default }}", "RuntimeError"]));
    assert_eq!(event["user"], json!({ "id": "alice", "ip_address": "127.0.0.1" }));
    assert_eq!(exception(&event)["mechanism"], json!({ "type": "panic", "handled": false }));
    assert_eq!(top_frame(&event)["function"], "game_engine::domain::paytable::multiplier");
    assert_eq!(top_frame(&event)["in_app"], true);
    // Once the transaction is here, a second event would be, too.
    app.transaction("GET /debug/crash").await;
    assert_eq!(app.inbox.events().len(), 1);
}

#[actix_web::test]
async fn a_panicked_request_finishes_its_transaction() {
    let app = spawn_app().await;
    app.get("/debug/crash").await;
    let transaction = app.transaction("GET /debug/crash").await;
    assert_eq!(transaction["contexts"]["trace"]["status"], "internal_error");
    assert_eq!(transaction["tags"]["scenario"], "game-engine.crash");
}

#[actix_web::test]
async fn no_machinery_stands_above_the_line_that_failed() {
    let app = spawn_app().await;
    let answer = app.get("/debug/crash").await;
    let event = app.event_of(&answer).await;
    let frames = exception(&event)["stacktrace"]["frames"].as_array().unwrap();
    let functions: Vec<_> = frames.iter().map(|frame| frame["function"].as_str().unwrap()).collect();
    assert_eq!(functions.first(), Some(&"game_engine::scenarios::crash::crash::{{closure}}"));
    assert!(top_frame(&event)["context_line"].as_str().unwrap().contains("MULTIPLIERS[symbol as usize]"));
}

#[actix_web::test]
async fn the_process_serves_on_after_many_crashes() {
    let app = spawn_app().await;
    for _ in 0..20 {
        assert_eq!(app.get("/debug/crash").await.status, 500);
    }
    assert_eq!(app.get("/health").await.body, json!({ "status": "ok" }));
    app.inbox.wait_until("20 events", |inbox| inbox.events().len() == 20).await.unwrap();
    assert_eq!(app.inbox.issues().len(), 1);
}

#[actix_web::test]
async fn a_corrupt_session_panics_for_its_user_only() {
    let app = spawn_app().await;
    let answer = app.get("/debug/panic/panic-test").await;
    assert_eq!(answer.status, 500);
    let event = app.event_of(&answer).await;
    assert_eq!(event["user"]["id"], "panic-test");
    assert_eq!(event["tags"]["panic.type"], "intentional");
    assert_eq!(event["tags"]["debug.trigger"], "panic");

    let answer = app.get("/debug/panic/bob").await;
    assert_eq!((answer.status, &answer.body["userId"]), (200, &json!("bob")));
}

#[actix_web::test]
async fn runtime_statistics_stand_beside_the_runtimes_name() {
    let app = spawn_app().await;
    let answer = app.get("/debug/crash").await;
    let event = app.event_of(&answer).await;
    let runtime = &event["contexts"]["runtime"];
    assert_eq!(runtime["name"], "rustc");
    assert!(runtime["version"].is_string());
    for fact in ["memory_mb", "cpu_percent", "threads", "uptime_seconds", "open_fds"] {
        assert!(runtime[fact].is_number(), "{fact} in {runtime}");
    }
    assert!(event["contexts"]["rust"].is_null());
    for context in ["app", "device", "os", "trace", "request"] {
        assert!(event["contexts"][context].is_object(), "{context} in {}", event["contexts"]);
    }
}
