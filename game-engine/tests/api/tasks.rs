use reqwest::Method;
use serde_json::{Value, json};

use crate::helpers::{answer, exception, spawn_app, top_frame};

const TRACE: &str = "0123456789abcdef0123456789abcdef";

#[actix_web::test]
async fn three_tasks_have_three_results_and_two_events() {
    let app = spawn_app().await;
    let answer = app.get("/debug/async-error").await;
    assert_eq!(answer.status, 500);
    let results = answer.body["results"].as_array().unwrap();
    let statuses: Vec<_> = results.iter().map(|it| &it["status"]).collect();
    assert_eq!(statuses, ["succeeded", "failed", "timed out"]);

    let failed = app.event_of(&answer).await;
    assert_eq!(exception(&failed)["type"], "RuntimeError");
    let id = results[2]["event_id"].clone();
    let late = app.event("the timeout", |event| event["event_id"] == id).await;
    let types: Vec<_> =
        late["exception"]["values"].as_array().unwrap().iter().map(|it| &it["type"]).collect();
    assert_eq!(types, ["Elapsed", "TimeoutError"]);
    assert_eq!(failed["contexts"]["trace"]["trace_id"], late["contexts"]["trace"]["trace_id"]);
    app.transaction("GET /debug/async-error").await;
    assert_eq!(app.inbox.events().len(), 2);
}

#[actix_web::test]
async fn a_threads_error_carries_the_requests_trace_and_user() {
    let app = spawn_app().await;
    let request = app
        .request(Method::GET, "/debug/threading-error")
        .header("X-User-Id", "carol")
        .header("sentry-trace", format!("{TRACE}-0123456789abcdef-1"));
    let answer = answer(request).await;
    assert_eq!(answer.status, 200);
    assert_eq!((&answer.body["threads_created"], &answer.body["threads_failed"]), (&json!(3), &json!(1)));

    let event = app.event("the thread's error", |event| event["tags"]["thread.id"] == "2").await;
    assert_eq!(exception(&event)["type"], "ValueError");
    assert_eq!(event["contexts"]["trace"]["trace_id"], TRACE);
    assert_eq!(event["user"]["id"], "carol");
    assert_eq!(top_frame(&event)["function"], "game_engine::domain::wager::parse_stake");
    let categories: Vec<&Value> =
        event["breadcrumbs"]["values"].as_array().unwrap().iter().map(|it| &it["category"]).collect();
    assert_eq!(categories, ["request", "reels", "wager"]);
}
