use reqwest::Method;
use serde_json::json;

use crate::helpers::{answer, exception, spawn_app, top_frame};

#[actix_web::test]
async fn a_crash_is_a_500_that_names_its_one_fatal_event() {
    let app = spawn_app().await;
    let answer = answer(app.request(Method::GET, "/debug/crash").header("X-User-Id", "alice")).await;
    assert_eq!((answer.status, &answer.body["type"]), (500, &json!("Error")));
    assert_eq!(answer.headers["x-sentry-event-id"].to_str().unwrap(), answer.body["event_id"]);

    let event = app.event_of(&answer).await;
    assert_eq!(event["level"], "fatal");
    assert_eq!(event["transaction"], "GET /debug/crash");
    assert_eq!(event["fingerprint"], json!(["{{ default }}", "Error"]));
    assert_eq!(event["user"], json!({ "id": "alice", "ip_address": "127.0.0.1" }));
    assert_eq!(exception(&event)["mechanism"], json!({ "type": "panic", "handled": false }));
    assert_eq!(top_frame(&event)["function"], "payment::domain::wallet::transfer");
    assert!(top_frame(&event)["context_line"].as_str().unwrap().contains("to.borrow_mut()"));
    let transaction = app.transaction("GET /debug/crash").await;
    assert_eq!(transaction["contexts"]["trace"]["status"], "internal_error");
    // Once the transaction is here, a second event would be, too.
    assert_eq!(app.inbox.events().len(), 1);
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
