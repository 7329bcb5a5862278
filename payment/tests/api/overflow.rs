use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::helpers::{exception, spawn_app, top_frame};

const RECURSION: &str = "payment::domain::referrals::up_the_chain";

#[actix_web::test]
async fn a_runaway_recursion_is_cut_and_reported_with_its_frames() {
    let app = spawn_app().await;
    let answer = app.get("/debug/stack-overflow").await;
    assert_eq!((answer.status, &answer.body["type"]), (500, &json!("RangeError")));
    let depth = answer.body["depth_reached"].as_u64().unwrap();
    assert!(depth > 100, "{answer:?}");

    let event = app.event_of(&answer).await;
    assert_eq!(event["level"], "fatal");
    assert_eq!(event["contexts"]["stack_overflow"]["depth_reached"], depth);
    assert_eq!(top_frame(&event)["function"], RECURSION);
    let frames = exception(&event)["stacktrace"]["frames"].as_array().unwrap();
    let recursive = |frame: &&Value| frame["function"] == RECURSION && frame["in_app"] == true;
    // The size of an event is bounded: both ends of the stack are there.
    assert!(frames.iter().filter(recursive).count() > 100, "{} frames", frames.len());
    app.transaction("GET /debug/stack-overflow").await;
    assert_eq!(app.inbox.events().len(), 1);
}

#[actix_web::test]
async fn the_process_lives_on_and_all_of_it_is_one_issue() {
    let app = spawn_app().await;
    for answer in join_all((0..50).map(|_| app.get("/debug/stack-overflow"))).await {
        assert_eq!(answer.status, 500);
    }
    assert_eq!(app.get("/health").await.status, 200);
    app.inbox.wait_until("50 events", |inbox| inbox.events().len() == 50).await.unwrap();
    assert_eq!(app.inbox.issues().len(), 1);
    assert_eq!(app.inbox.events()[0]["fingerprint"], json!(["payment", "RangeError"]));
}
