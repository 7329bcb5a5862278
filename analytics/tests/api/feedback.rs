use fixtures::{common, profile};
use scenario::Guards;

use crate::helpers::{App, answer, spawn_app_with};

#[actix_web::test]
async fn what_a_person_says_of_an_event_reaches_sentry() {
    let inbox = profile::inbox().await;
    let app = spawn_app_with(|settings| settings.sentry.dsn = Some(inbox.dsn().parse().unwrap())).await;
    common::feedback::reaches_sentry(&App { inbox, ..app }, "/api/debug/feedback").await;
}

#[actix_web::test]
async fn feedback_needs_the_token_of_the_debug_routes() {
    let token = Guards::new(true, Some("s3cret".to_owned()));
    let app = spawn_app_with(|settings| settings.guards = token).await;
    assert_eq!(
        answer(app.request(reqwest::Method::POST, "/api/debug/feedback").body("{}")).await.status,
        401
    );
}
