//! Without a server, or with one that dies.

use fixtures::common::outage::{IN_TIME, Query, is_alive_but_not_ready, on_a_silent_server_is_reported};
use fixtures::proxy::Proxy;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use crate::helpers::{Answer, App, answer, spawn_app, spawn_app_on};

const PATH: &str = "/api/debug/database-error";

const QUERY: Query<'_> = Query {
    service: "analytics",
    path: PATH,
    collection: "games",
    function: "analytics::domain::statistics::median_bets::{{closure}}",
};

async fn aggregate(app: &App) -> Answer {
    answer(app.request(Method::GET, PATH).timeout(IN_TIME)).await
}

/// Waits until the server answers a query, which it refuses: on a busy machine, that may take longer than the service
/// waits.
async fn server_answers(app: &App) {
    app.wait_for("an answer of the server", PATH, |answer| answer.body["type"] == "MongoServerError").await;
}

/// Waits for that state: the driver looks for its server in its own time.
async fn comes_to_be(app: &App, status: u16, mongodb: &str) {
    let name = if status == 200 { "ready" } else { "unavailable" };
    let expected = json!({ "status": name, "mongodb": mongodb, "rabbitmq": "down" });
    app.wait_for(mongodb, "/ready", |ready| {
        assert!(matches!(ready.status, 200 | 503), "{ready:?}");
        (ready.status, &ready.body) == (status, &expected)
    })
    .await;
}

#[actix_web::test]
async fn without_a_url_the_service_serves_and_says_what_is_missing() {
    let app = spawn_app().await;
    is_alive_but_not_ready(&app).await;
    QUERY.is_reported_as_unreachable(&app).await;
}

#[actix_web::test]
async fn a_server_that_never_answers_is_unreachable_in_time() {
    on_a_silent_server_is_reported(spawn_app_on, QUERY).await;
}

#[actix_web::test]
async fn a_search_without_a_database_is_one_event() {
    let app = spawn_app().await;
    let answer = app.get("/api/debug/slow-query").await;
    assert_eq!((answer.status, &answer.body["type"]), (500, &json!("MongoConnectionError")));
    let event = app.event_of(&answer).await;
    assert_eq!(event["fingerprint"], json!(["analytics", "database", "unreachable"]));
}

/// Calls without a pause, and returns the type of each answer.
async fn press(request: RequestBuilder, reported: UnboundedSender<String>) {
    loop {
        let answer = answer(request.try_clone().unwrap()).await;
        assert_eq!(answer.status, 500, "{answer:?}");
        if reported.send(answer.body["type"].as_str().unwrap().to_owned()).is_err() {
            return;
        }
    }
}

#[actix_web::test]
async fn a_database_that_dies_under_load_and_comes_back_needs_no_restart() {
    let Some(mut server) = fixtures::mongo::Server::start() else { return };
    let app = spawn_app_on(server.url()).await;
    let (reported, mut types) = unbounded_channel();
    let mut load = JoinSet::new();
    for _ in 0..8 {
        load.spawn_local(press(app.request(Method::GET, PATH).timeout(IN_TIME), reported.clone()));
    }
    // It has answered as often as there are callers; then it is killed while they call on.
    for _ in 0..8 {
        while types.recv().await.unwrap() != "MongoServerError" {}
    }
    server.kill();
    for _ in 0..8 {
        while types.recv().await.unwrap() != "MongoConnectionError" {}
    }
    is_alive_but_not_ready(&app).await;

    server.restart();
    server_answers(&app).await;
    comes_to_be(&app, 200, "up").await;
    assert!(load.try_join_next().is_none(), "a caller was not answered");
}

#[actix_web::test]
async fn a_database_that_freezes_is_unreachable_until_it_goes_on() {
    let Some(server) = fixtures::mongo::Server::start() else { return };
    let app = spawn_app_on(server.url()).await;
    server_answers(&app).await;
    comes_to_be(&app, 200, "up").await;

    server.freeze();
    QUERY.is_reported_as_unreachable(&app).await;
    comes_to_be(&app, 503, "down").await;

    server.thaw();
    comes_to_be(&app, 200, "up").await;
    server_answers(&app).await;
}

#[actix_web::test]
async fn the_url_says_how_long_a_frozen_database_is_waited_for() {
    let Some(server) = fixtures::mongo::Server::start() else { return };
    let app = spawn_app_on(format!("{}/?serverSelectionTimeoutMS=5500", server.url())).await;
    server_answers(&app).await;

    server.freeze();
    let failed = aggregate(&app).await;
    assert_eq!(failed.body["type"], "MongoConnectionError");
    let event = app.event_of(&failed).await;
    let reason = event["contexts"]["database_error"]["reason"].as_str().unwrap();
    assert!(reason.contains("within 6 s"), "{reason}");
}

#[actix_web::test]
async fn connections_that_are_cut_fail_no_route() {
    let Some(server) = fixtures::mongo::Server::start() else { return };
    let proxy = Proxy::start(&server.patient_url(), None).await;
    let app = spawn_app_on(proxy.url()).await;
    let responses: Value = serde_json::from_str(include_str!("../fixtures/analytics.json")).unwrap();
    for path in responses["responses"].as_object().unwrap().keys() {
        // Several at once, so that the pool has several connections.
        let answers = futures_util::future::join_all([app.get(path), app.get(path), app.get(path)]).await;
        assert!(answers.iter().all(|answer| answer.status == 200), "{path}: {answers:?}");
        proxy.cut_all();
        let answer = app.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
    }
    assert!(proxy.cuts() > 0);
}
