use fixtures::common::crashes::{
    Crash, are_of_the_user_whose_session_is_corrupt, are_survived, is_one_fatal_event,
};
use serde_json::json;

use crate::helpers::spawn_app;

const CRASH: Crash<'_> = Crash {
    path: "/api/debug/crash",
    ty: "RuntimeError",
    function: "analytics::domain::percentile::percentile",
};

#[actix_web::test]
async fn a_crash_is_a_500_that_names_its_one_fatal_event() {
    let app = spawn_app().await;
    let (answer, event) = is_one_fatal_event(&app, CRASH).await;
    assert!(answer["detail"].is_string(), "{answer}");
    assert_eq!(event["contexts"]["percentile"]["sessions"], 0);
}

#[actix_web::test]
async fn the_process_serves_on_after_many_crashes() {
    are_survived(
        &spawn_app().await,
        CRASH.path,
        json!({ "status": "ok", "service": "analytics", "consumer": "stopped" }),
    )
    .await;
}

#[actix_web::test]
async fn a_corrupt_session_panics_for_its_user_only() {
    let answer = are_of_the_user_whose_session_is_corrupt(&spawn_app().await, "/api/debug/panic").await;
    assert!(answer["message"].is_string(), "{answer}");
}
