use fixtures::{common, profile};

use crate::helpers::{App, spawn_app_with};

#[actix_web::test]
async fn what_a_person_says_of_an_event_reaches_sentry() {
    let inbox = profile::inbox().await;
    let app = spawn_app_with(|settings| settings.sentry.dsn = Some(inbox.dsn().parse().unwrap())).await;
    common::feedback::reaches_sentry(&App { inbox, ..app }, "/api/debug/feedback").await;
}
