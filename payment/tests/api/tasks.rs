use std::collections::HashSet;

use futures_util::future::join_all;
use inbox::timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use crate::helpers::{answer, exception, spawn_app, top_frame};

const TRACE: &str = "0123456789abcdef0123456789abcdef";

fn categories(event: &Value) -> Vec<&Value> {
    event["breadcrumbs"]["values"].as_array().unwrap().iter().map(|it| &it["category"]).collect()
}

#[actix_web::test]
async fn a_task_that_nobody_awaits_fails_with_all_that_the_request_knew() {
    let app = spawn_app().await;
    let request = app
        .request(Method::GET, "/debug/promise-rejection")
        .header("X-User-Id", "carol")
        .header("sentry-trace", format!("{TRACE}-0123456789abcdef-1"));
    let answer = answer(request).await;
    assert_eq!(answer.status, 200);
    assert!(answer.body["status"].is_string());

    let event = app.event("the failure", |_| true).await;
    let mechanism = json!({ "type": "unawaited_task", "handled": false });
    assert_eq!((&exception(&event)["mechanism"], &event["level"]), (&mechanism, &json!("error")));
    assert_eq!(event["contexts"]["trace"]["trace_id"], TRACE);
    assert_eq!(event["user"]["id"], "carol");
    assert_eq!(event["transaction"], "GET /debug/promise-rejection");
    assert_eq!(categories(&event), ["request", "webhooks", "webhooks"]);
    assert_eq!(top_frame(&event)["function"], "payment::domain::webhooks::confirm::{{closure}}");
}

#[actix_web::test]
async fn the_answer_does_not_wait_for_the_task() {
    let app = spawn_app().await;
    app.get("/debug/promise-rejection").await;
    let event = app.event("the failure", |_| true).await;
    let transaction = app.transaction("GET /debug/promise-rejection").await;
    let time = |of: &Value| timestamp::seconds(&of["timestamp"]).unwrap();
    assert!(time(&transaction) < time(&event), "{transaction} {event}");
    assert_eq!(transaction["contexts"]["trace"]["status"], "ok");
}

#[actix_web::test]
async fn tasks_that_outlive_their_requests_keep_them_apart() {
    let app = spawn_app().await;
    let users: HashSet<String> = (0..200).map(|number| format!("user-{number}")).collect();
    let calls = users
        .iter()
        .map(|user| answer(app.request(Method::GET, "/debug/promise-rejection").header("X-User-Id", user)));
    join_all(calls).await;
    app.inbox.wait_until("200 events", |inbox| inbox.events().len() == 200).await.unwrap();
    let events = app.inbox.events();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    assert_eq!(events.iter().map(|event| text(&event["user"]["id"])).collect::<HashSet<_>>(), users);
    let traces: HashSet<_> = events.iter().map(|it| text(&it["contexts"]["trace"]["trace_id"])).collect();
    assert_eq!(traces.len(), 200);
    assert!(events.iter().all(|event| categories(event).len() == 3));
}

#[actix_web::test]
async fn an_awaited_tasks_failure_is_the_requests_one_event() {
    let app = spawn_app().await;
    let answer = app.get("/debug/async-error").await;
    assert_eq!((answer.status, &answer.body["type"]), (500, &json!("SettlementError")));
    let event = app.event_of(&answer).await;
    assert_eq!(exception(&event)["mechanism"]["handled"], true);
    assert_eq!(top_frame(&event)["function"], "payment::domain::settlement::book::{{closure}}");
    let settlement = json!({ "payouts_cents": 250_000, "balance_cents": 180_000 });
    assert_eq!(event["contexts"]["settlement"], settlement);
    assert_eq!(categories(&event), ["request", "settlement", "settlement"]);
    let transaction = app.transaction("GET /debug/async-error").await;
    assert_eq!(transaction["contexts"]["trace"]["trace_id"], event["contexts"]["trace"]["trace_id"]);
    assert_eq!(app.inbox.events().len(), 1);
}
