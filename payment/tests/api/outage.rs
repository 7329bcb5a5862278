//! Without a server, or with one that says nothing.

use std::net::TcpListener;
use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::helpers::{App, answer, exception, spawn_app, spawn_app_on, top_frame};

/// Below the 30 s that the driver itself would wait, and far above what even a busy machine takes.
const IN_TIME: Duration = Duration::from_secs(25);

async fn is_reported_as_unreachable(app: &App) {
    let answer = answer(app.request(Method::GET, "/debug/database-error").timeout(IN_TIME)).await;
    assert_eq!((answer.status, &answer.body["type"]), (500, &json!("MongoConnectionError")));
    assert!(answer.body["details"].is_string(), "{answer:?}");
    let event = app.event_of(&answer).await;
    assert_eq!(exception(&event)["type"], "MongoConnectionError");
    assert_eq!(event["tags"]["db.code"], "unreachable");
    assert_eq!(event["fingerprint"], json!(["payment", "database", "unreachable"]));
    assert_eq!(event["contexts"]["database_error"]["collection"], "payments");
    assert_eq!(top_frame(&event)["function"], "payment::domain::payments::find_about::{{closure}}");
}

async fn is_alive_but_not_ready(app: &App) {
    assert_eq!(app.get("/health").await.body, json!({ "status": "ok" }));
    let ready = app.get("/ready").await;
    assert_eq!(
        (ready.status, ready.body),
        (503, json!({ "status": "unavailable", "mongodb": "down", "rabbitmq": "down" }))
    );
}

#[actix_web::test]
async fn without_a_url_the_service_serves_and_says_what_is_missing() {
    let app = spawn_app().await;
    is_alive_but_not_ready(&app).await;
    is_reported_as_unreachable(&app).await;
}

#[actix_web::test]
async fn a_server_that_never_answers_is_unreachable_in_time() {
    // It takes connections, and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let app = spawn_app_on(format!("mongodb://{}", silent.local_addr().unwrap())).await;
    let ready = app.get("/ready").await;
    assert_eq!(ready.body, json!({ "status": "unavailable", "mongodb": "connecting", "rabbitmq": "down" }));
    is_reported_as_unreachable(&app).await;
    is_alive_but_not_ready(&app).await;
}
