//! With a real server.

use database::mongodb::bson::{Document, doc};
use fixtures::common::outage;
use serde_json::{Value, json};

use crate::helpers::{App, connect, exception, spawn_app_on, top_frame};

/// The spans of the first transaction of that name, as operation and description.
async fn spans(app: &App, transaction: &str) -> Vec<(Value, Value)> {
    let transaction = app.transaction(transaction).await;
    let spans = transaction["spans"].as_array().unwrap();
    spans.iter().map(|span| (span["op"].clone(), span["description"].clone())).collect()
}

#[actix_web::test]
async fn what_the_server_rejects_is_reported_with_its_code() {
    let Some(url) = fixtures::mongo::url() else { return };
    let app = spawn_app_on(url).await;
    let answer = app.get("/api/debug/database-error").await;
    assert_eq!((answer.status, &answer.body["type"]), (500, &json!("MongoServerError")));

    let event = app.event_of(&answer).await;
    assert_eq!(event["level"], "error");
    assert_eq!(event["tags"]["db.code"], "40324");
    assert_eq!(event["fingerprint"], json!(["analytics", "database", "40324"]));
    let context = &event["contexts"]["database_error"];
    assert_eq!((&context["code"], &context["operation"]), (&json!(40324), &json!("aggregate")));
    assert_eq!((&context["code_name"], &context["collection"]), (&json!("Location40324"), &json!("games")));
    assert_eq!(exception(&event)["type"], "MongoServerError");
    assert_eq!(top_frame(&event)["function"], "analytics::domain::statistics::median_bets::{{closure}}");
    let crumbs = event["breadcrumbs"]["values"].as_array().unwrap();
    let categories: Vec<_> = crumbs.iter().map(|crumb| &crumb["category"]).collect();
    assert_eq!(categories, ["request", "statistics", "db"]);
    let spans = spans(&app, "GET /api/debug/database-error").await;
    let steps = [
        ("db", "games.aggregate"),
        ("function", "aggregating the median bet of each player"),
        ("function", "find the typical bets"),
    ];
    assert_eq!(spans, steps.map(|(op, description)| (json!(op), json!(description))));
}

#[actix_web::test]
async fn a_service_with_a_database_is_ready() {
    let Some(url) = fixtures::mongo::url() else { return };
    let app = spawn_app_on(url).await;
    outage::ends_with_a_database(&app).await;
}

#[actix_web::test]
async fn a_slow_query_scans_documents_that_are_made_once() {
    let Some(url) = fixtures::mongo::url() else { return };
    let app = spawn_app_on(url.clone()).await;
    for _ in 0..2 {
        let answer = app.get("/api/debug/slow-query").await;
        assert_eq!((answer.status, &answer.body["result_count"]), (200, &json!(300)), "{answer:?}");
        assert!(answer.body["duration_seconds"].as_f64().unwrap() > 0.0);
        assert!(answer.body["performance_impact"].is_string());
    }
    let database = connect(Some(&url)).await;
    let rounds = database.collection::<Document>("debug_rounds").unwrap();
    assert_eq!(rounds.count_documents(doc! {}).await.unwrap(), 30_000);
    assert_eq!(rounds.list_index_names().await.unwrap(), ["_id_"]);

    let spans = spans(&app, "GET /api/debug/slow-query").await;
    assert!(spans.contains(&(json!("db"), json!("debug_rounds.find"))), "{spans:?}");
    assert_eq!(app.inbox.events(), Vec::<Value>::new());
}

#[actix_web::test]
async fn services_that_start_at_once_make_the_documents_once() {
    let Some(server) = fixtures::mongo::Server::start() else { return };
    let url = server.patient_url();
    let (one, other) = (spawn_app_on(url.clone()).await, spawn_app_on(url.clone()).await);
    let path = "/api/debug/slow-query";
    let answers = futures_util::future::join_all([one.get(path), other.get(path), one.get(path)]).await;
    for answer in answers {
        assert_eq!((answer.status, &answer.body["result_count"]), (200, &json!(300)), "{answer:?}");
    }
    let database = connect(Some(&url)).await;
    let rounds = database.collection::<Document>("debug_rounds").unwrap();
    assert_eq!(rounds.count_documents(doc! {}).await.unwrap(), 30_000);
}
