//! Release health.

use serde_json::{Value, json};

use crate::helpers::{App, envelope, spawn_app};

async fn session(app: &App, status: &str, errors: u64) {
    let session = json!({ "sid": "s", "status": status, "errors": errors, "attrs": { "release": "game@1" } });
    app.accepted(envelope(json!({}), &[("session", session)])).await;
}

fn sums(release: &str, exited: u64, errored: u64, crashed: u64, abnormal: u64) -> Value {
    json!({ "release": release, "exited": exited, "errored": errored, "crashed": crashed, "abnormal": abnormal })
}

#[actix_web::test]
async fn sessions_count_when_they_end() {
    let app = spawn_app().await;
    session(&app, "ok", 0).await;
    session(&app, "ok", 1).await;
    session(&app, "exited", 0).await;
    session(&app, "exited", 2).await;
    session(&app, "crashed", 1).await;
    session(&app, "crashed", 0).await;
    session(&app, "abnormal", 0).await;
    assert_eq!(app.list("/api/sessions", "sessions").await, [sums("game@1", 1, 1, 2, 1)]);
    assert_eq!(app.inbox.stats().items["session"], 7);
}

#[actix_web::test]
async fn aggregates_add_to_single_sessions_and_releases_stand_apart() {
    let app = spawn_app().await;
    session(&app, "exited", 0).await;
    for release in ["game@1", "shop@1"] {
        let buckets = json!([
            { "started": "2026-11-23T18:44:00Z", "exited": 10, "errored": 2 },
            { "started": "2026-11-23T18:45:00Z", "exited": 5, "crashed": 1, "abnormal": 4 },
        ]);
        let sessions = json!({ "aggregates": buckets, "attrs": { "release": release } });
        app.accepted(envelope(json!({}), &[("sessions", sessions)])).await;
    }
    let all = app.list("/api/sessions", "sessions").await;
    assert_eq!(all, [sums("game@1", 16, 2, 1, 4), sums("shop@1", 15, 2, 1, 4)]);
}
