//! What the transactions of analytics say of its work: steps as spans, and measurements.

use fixtures::common::spans;
use serde_json::json;

use crate::helpers::{spawn_app, spawn_app_on};

#[actix_web::test]
async fn each_scenario_has_the_steps_of_its_story_as_spans() {
    spans::tell_each_story(&spawn_app().await, "/api/debug").await;
}

#[actix_web::test]
async fn with_a_database_too_its_commands_are_below_the_steps() {
    let Some(url) = fixtures::mongo::database("stories") else { return };
    let app = spawn_app_on(url).await;
    spans::tell_each_story(&app, "/api/debug").await;
    app.get("/api/v1/analytics/player-details-n1").await;
    let transaction = app.transaction("GET /api/v1/analytics/player-details-n1").await;
    spans::are_nested("player-details-n1", &transaction);
    let measured = json!({
        "db.n_plus_one.count": { "value": 0.0, "unit": "none" },
        "db.n_plus_one.total_queries": { "value": 1.0, "unit": "none" },
    });
    assert_eq!(transaction["measurements"], measured);
}
