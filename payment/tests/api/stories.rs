//! What the transactions of payment say of its work: steps as spans, and measurements.

use fixtures::common::spans;

use crate::helpers::{spawn_app, spawn_app_on};

#[actix_web::test]
async fn each_scenario_has_the_steps_of_its_story_as_spans() {
    spans::tell_each_story(&spawn_app().await, "/debug").await;
}

#[actix_web::test]
async fn with_a_database_too_its_commands_are_below_the_steps() {
    let Some(url) = fixtures::mongo::url() else { return };
    spans::tell_each_story(&spawn_app_on(url).await, "/debug").await;
}
