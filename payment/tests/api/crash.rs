use fixtures::common::crashes::{
    Crash, are_of_the_user_whose_session_is_corrupt, are_survived, is_one_fatal_event,
};
use serde_json::json;

use crate::helpers::{spawn_app, top_frame};

const CRASH: Crash<'_> =
    Crash { path: "/debug/crash", ty: "Error", function: "payment::domain::wallet::transfer" };

#[actix_web::test]
async fn a_crash_is_a_500_that_names_its_one_fatal_event() {
    let app = spawn_app().await;
    let (_, event) = is_one_fatal_event(&app, CRASH).await;
    assert!(top_frame(&event)["context_line"].as_str().unwrap().contains("to.borrow_mut()"));
}

#[actix_web::test]
async fn the_process_serves_on_after_many_crashes() {
    are_survived(&spawn_app().await, CRASH.path, json!({ "status": "ok" })).await;
}

#[actix_web::test]
async fn a_corrupt_session_panics_for_its_user_only() {
    are_of_the_user_whose_session_is_corrupt(&spawn_app().await, "/debug/panic").await;
}
