//! Release health.

use serde_json::{Value, json};

use crate::helpers::{App, envelope, spawn_app};

async fn session(app: &App, status: &str, errors: u64) {
    // A session of its own each time.
    let sid = crate::helpers::new_id();
    let session = json!({ "sid": sid, "status": status, "errors": errors, "attrs": { "release": "game@1" } });
    app.accepted(envelope(json!({}), &[("session", session)])).await;
}

/// What is held of a release, without the share of sessions that did not crash.
async fn sums(app: &App) -> Vec<Value> {
    let mut all = app.list("/api/sessions", "sessions").await;
    all.iter_mut().for_each(|it| drop(it.as_object_mut().unwrap().remove("crash_free")));
    all
}

fn ended(release: &str, exited: u64, errored: u64, crashed: u64, abnormal: u64) -> Value {
    json!({ "release": release, "ok": 0, "exited": exited, "errored": errored, "unhandled": 0, "crashed": crashed,
        "abnormal": abnormal })
}

#[actix_web::test]
async fn sessions_count_by_their_state() {
    let app = spawn_app().await;
    session(&app, "ok", 0).await;
    session(&app, "ok", 1).await;
    session(&app, "exited", 0).await;
    session(&app, "exited", 2).await;
    session(&app, "crashed", 1).await;
    session(&app, "crashed", 0).await;
    session(&app, "abnormal", 0).await;
    session(&app, "unhandled", 0).await;
    let expected = json!({ "release": "game@1", "ok": 1, "exited": 1, "errored": 2, "unhandled": 1, "crashed": 2,
        "abnormal": 1, "crash_free": 0.75 });
    assert_eq!(app.list("/api/sessions", "sessions").await, [expected]);
    assert_eq!(app.inbox.stats().items["session"], 8);
}

#[actix_web::test]
async fn the_updates_of_a_session_count_once_as_its_last_state() {
    let app = spawn_app().await;
    for (status, errors) in [("ok", 0), ("ok", 1), ("ok", 2), ("crashed", 3)] {
        let session =
            json!({ "sid": "s", "status": status, "errors": errors, "attrs": { "release": "game@1" } });
        app.accepted(envelope(json!({}), &[("session", session)])).await;
    }
    assert_eq!(sums(&app).await, [ended("game@1", 0, 0, 1, 0)]);
    let sessions = &app.inbox.sessions()[0];
    assert_eq!(sessions.crash_free, Some(0.0));
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
    assert_eq!(sums(&app).await, [ended("game@1", 16, 2, 1, 4), ended("shop@1", 15, 2, 1, 4)]);
}
