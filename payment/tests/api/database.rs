//! With a real server.

use fixtures::common::outage;
use serde_json::json;

use crate::helpers::{exception, spawn_app_on, top_frame};

#[actix_web::test]
async fn what_the_server_rejects_is_reported_with_its_code() {
    let Some(url) = fixtures::mongo::url() else { return };
    let app = spawn_app_on(url).await;
    let answer = app.get("/debug/database-error").await;
    assert_eq!((answer.status, &answer.body["type"]), (500, &json!("MongoServerError")));
    assert!(answer.body["details"].as_str().unwrap().contains("$about"), "{answer:?}");

    let event = app.event_of(&answer).await;
    assert_eq!(event["level"], "error");
    assert_eq!(event["tags"]["db.code"], "2");
    assert_eq!(event["fingerprint"], json!(["payment", "database", "2"]));
    let context = &event["contexts"]["database_error"];
    assert_eq!((&context["code"], &context["code_name"]), (&json!(2), &json!("BadValue")));
    assert_eq!((&context["operation"], &context["collection"]), (&json!("findOne"), &json!("payments")));
    assert_eq!(exception(&event)["mechanism"]["handled"], true);
    assert_eq!(top_frame(&event)["function"], "payment::domain::payments::find_about::{{closure}}");
    let crumbs = event["breadcrumbs"]["values"].as_array().unwrap();
    let categories: Vec<_> = crumbs.iter().map(|crumb| &crumb["category"]).collect();
    assert_eq!(categories, ["request", "payments", "db"]);
}

#[actix_web::test]
async fn the_rejected_command_is_a_span_of_its_request() {
    let Some(url) = fixtures::mongo::url() else { return };
    let app = spawn_app_on(url).await;
    app.get("/debug/database-error").await;
    let transaction = app.transaction("GET /debug/database-error").await;
    let span = &transaction["spans"][0];
    assert_eq!((&span["op"], &span["description"]), (&json!("db"), &json!("payments.find")));
    assert_eq!(span["status"], "internal_error");
}

#[actix_web::test]
async fn a_service_with_a_database_is_ready() {
    let Some(url) = fixtures::mongo::url() else { return };
    let app = spawn_app_on(url).await;
    outage::ends_with_a_database(&app).await;
}
