//! Without a server, or with one that says nothing.

use fixtures::common::outage::{Query, is_alive_but_not_ready, on_a_silent_server_is_reported};

use crate::helpers::{spawn_app, spawn_app_on};

const QUERY: Query<'_> = Query {
    service: "payment",
    path: "/debug/database-error",
    collection: "payments",
    function: "payment::domain::payments::find_about::{{closure}}",
};

#[actix_web::test]
async fn without_a_url_the_service_serves_and_says_what_is_missing() {
    let app = spawn_app().await;
    is_alive_but_not_ready(&app).await;
    let answer = QUERY.is_reported_as_unreachable(&app).await;
    assert!(answer["details"].is_string(), "{answer}");
}

#[actix_web::test]
async fn a_server_that_never_answers_is_unreachable_in_time() {
    on_a_silent_server_is_reported(spawn_app_on, QUERY).await;
}
