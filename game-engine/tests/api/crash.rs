use fixtures::common::crashes::{
    Crash, are_of_the_user_whose_session_is_corrupt, are_survived, is_one_fatal_event,
};
use serde_json::json;

use crate::helpers::{exception, spawn_app, top_frame};

const CRASH: Crash<'_> =
    Crash { path: "/debug/crash", ty: "RuntimeError", function: "game_engine::domain::paytable::multiplier" };

#[actix_web::test]
async fn a_crash_is_a_500_that_names_its_one_fatal_event() {
    let app = spawn_app().await;
    is_one_fatal_event(&app, CRASH).await;
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
    are_survived(&spawn_app().await, CRASH.path, json!({ "status": "ok" })).await;
}

#[actix_web::test]
async fn a_corrupt_session_panics_for_its_user_only() {
    are_of_the_user_whose_session_is_corrupt(&spawn_app().await, "/debug/panic").await;
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
