use serde_json::json;

use crate::helpers::{spawn_app, spawn_process};

/// In a process of its own: others of these tests load and unload symbol tables, which are as large.
#[actix_web::test]
async fn a_spike_is_resident_given_back_and_reported() {
    let app = spawn_process().await;
    let answer = app.get("/api/debug/memory-spike").await;
    assert_eq!(answer.status, 200);
    assert!(answer.body["status"].is_string());
    let event = app.event("the warning", |event| event["level"] == "warning").await;
    assert_eq!(event["fingerprint"], json!(["analytics", "memory-spike"]));
    assert!(event["logentry"]["message"].as_str().unwrap().starts_with("Memory spiked by "), "{event}");
    let spike = &event["contexts"]["memory_spike"];
    assert_eq!(answer.body["memory_increase_mb"], spike["memory_increase_mb"]);
    assert_eq!(answer.body["final_memory_mb"], spike["final_memory_mb"]);
    let mb = |name: &str| spike[name].as_f64().unwrap();
    assert!(mb("memory_increase_mb") > 40.0, "{spike}");
    assert!(mb("peak_memory_mb") - mb("final_memory_mb") > 40.0, "{spike}");
}

#[actix_web::test]
async fn spikes_are_one_issue() {
    let app = spawn_app().await;
    app.get("/api/debug/memory-spike").await;
    app.get("/api/debug/memory-spike").await;
    app.inbox.wait_until("2 events", |inbox| inbox.events().len() == 2).await.unwrap();
    assert_eq!(app.inbox.issues().len(), 1);
}
