use serde_json::json;

use crate::helpers::{spawn_app, spawn_process};

/// In a process of its own: others of these tests load and unload symbol tables, which are as large.
#[actix_web::test]
async fn what_leaks_is_resident_and_a_reset_gives_it_back() {
    let app = spawn_process().await;
    let leaked = app.get("/debug/memory-leak?mb=60").await;
    assert_eq!((leaked.status, &leaked.body["total_leaked_mb"]), (200, &json!(60)));
    assert!(leaked.body["memory_increase_mb"].as_f64().unwrap() > 50.0, "{leaked:?}");
    assert_eq!(app.active("/debug", "game-engine.memory-leak").await, json!({ "total_leaked_mb": 60 }));

    let reset = app.delete("/debug/memory-leak").await;
    assert_eq!((reset.status, &reset.body["released_mb"]), (200, &json!(60)));
    let memory = |answer: &crate::helpers::Answer| answer.body["current_memory_mb"].as_f64().unwrap();
    assert!(memory(&leaked) - memory(&reset) > 50.0, "{leaked:?} {reset:?}");
    assert_eq!(app.active("/debug", "game-engine.memory-leak").await, json!(null));
}

#[actix_web::test]
async fn leaks_of_different_sizes_are_one_issue() {
    let app = spawn_app().await;
    app.get("/debug/memory-leak?mb=1").await;
    app.get("/debug/memory-leak?mb=2").await;
    app.inbox.wait_until("2 events", |inbox| inbox.events().len() == 2).await.unwrap();
    assert_eq!(app.inbox.issues().len(), 1);
    let event =
        app.event("a leak of 2 MB", |event| event["contexts"]["memory_leak"]["total_leaked_mb"] == 3).await;
    assert_eq!(event["level"], "warning");
}

#[actix_web::test]
async fn the_cap_is_507_with_an_event_and_nothing_more_is_held() {
    let app = spawn_app().await;
    app.get("/debug/memory-leak?mb=60").await;
    let refused = app.get("/debug/memory-leak?mb=10").await;
    assert_eq!((refused.status, &refused.body["type"]), (507, &json!("MemoryError")));
    let event = app.event_of(&refused).await;
    let context = json!({ "limit_mb": 64, "total_leaked_mb": 60, "asked_mb": 10 });
    assert_eq!(event["contexts"]["memory_leak"], context);
    assert_eq!(app.delete("/debug/memory-leak").await.body["released_mb"], 60);
}
