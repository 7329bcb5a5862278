use serde_json::json;

use crate::helpers::{Answer, spawn_app, spawn_process};

/// In a process of its own: others of these tests load and unload symbol tables, which are as large.
#[actix_web::test]
async fn what_leaks_is_resident_and_a_reset_gives_it_back() {
    let app = spawn_process().await;
    let memory = |answer: &Answer, key: &str| answer.body[key].as_f64().unwrap();
    let small = app.get("/debug/memory-leak?mb=1").await;
    let leaked = app.get("/debug/memory-leak?mb=100").await;
    let reset = app.delete("/debug/memory-leak").await;
    let grown = memory(&leaked, "heap_used_mb") - memory(&small, "heap_used_mb");
    let shrunk = memory(&leaked, "heap_used_mb") - memory(&reset, "current_memory_mb");
    assert!(grown > 80.0 && shrunk > 80.0, "{small:?} {leaked:?} {reset:?}");
}

#[actix_web::test]
async fn what_leaks_is_counted_and_a_reset_ends_it() {
    let app = spawn_app().await;
    let small = app.get("/debug/memory-leak?mb=1").await;
    let leaked = app.get("/debug/memory-leak").await;
    assert_eq!((leaked.status, &leaked.body["estimated_total_leak_mb"]), (200, &json!(51)));
    assert_eq!((&small.body["leaked_items"], &leaked.body["leaked_items"]), (&json!(16), &json!(51 * 16)));
    assert!(leaked.body["status"].is_string());
    assert_eq!(app.active("/debug", "payment.memory-leak").await, json!({ "total_leaked_mb": 51 }));
    let reset = app.delete("/debug/memory-leak").await;
    assert_eq!((reset.status, &reset.body["released_mb"]), (200, &json!(51)));
    assert_eq!(app.active("/debug", "payment.memory-leak").await, json!(null));
}

#[actix_web::test]
async fn leaks_and_resets_of_any_size_are_one_issue_each() {
    let app = spawn_app().await;
    app.get("/debug/memory-leak?mb=1").await;
    app.get("/debug/memory-leak?mb=2").await;
    app.delete("/debug/memory-leak").await;
    app.delete("/debug/memory-leak").await;
    app.inbox.wait_until("4 events", |inbox| inbox.events().len() == 4).await.unwrap();
    assert_eq!(app.inbox.issues().len(), 2);
    let second = |event: &serde_json::Value| event["contexts"]["memory_leak"]["estimated_total_leak_mb"] == 3;
    assert_eq!(app.event("a leak of 2 MB", second).await["level"], "warning");
    app.event("the reset", |event| event["level"] == "info").await;
}

#[actix_web::test]
async fn the_cap_is_507_with_an_event_and_nothing_more_is_held() {
    let app = spawn_app().await;
    app.get("/debug/memory-leak?mb=60").await;
    let refused = app.get("/debug/memory-leak?mb=10").await;
    assert_eq!((refused.status, &refused.body["type"]), (507, &json!("MemoryError")));
    let event = app.event_of(&refused).await;
    let context = json!({ "limit_mb": 64, "estimated_total_leak_mb": 60, "asked_mb": 10 });
    assert_eq!(event["contexts"]["memory_leak"], context);
    assert_eq!(event["fingerprint"], json!(["payment", "MemoryError"]));
    assert_eq!(app.delete("/debug/memory-leak").await.body["released_mb"], 60);
}
