//! Release health.

use serde_json::{Value, json};

use crate::helpers::{App, envelope, spawn_app};

async fn session(app: &App, status: &str, errors: u64) {
    // A session of its own each time.
    let sid = crate::helpers::new_id();
    let session = json!({ "sid": sid, "status": status, "errors": errors, "attrs": { "release": "game@1" } });
    app.accepted(envelope(json!({}), &[("session", session)])).await;
}

/// What is held of a release, without shares and users.
async fn sums(app: &App) -> Vec<Value> {
    let mut all = app.list("/api/sessions", "sessions").await;
    for it in &mut all {
        it.as_object_mut().unwrap().retain(|name, _| !name.contains("user") && name != "crash_free");
    }
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
        "abnormal": 1, "crash_free": 0.75, "users": 0, "crashed_users": 0, "crash_free_users": null });
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

#[actix_web::test]
async fn users_count_once_in_each_release_and_as_crashed_once_a_session_of_theirs_has() {
    let app = spawn_app().await;
    let of = |release: &str, sid: &str, did: Value, status: &str| {
        let session = json!({ "sid": sid, "did": did, "status": status, "attrs": { "release": release } });
        ("session", session)
    };
    let items = [
        of("game@1", "1", json!("ann"), "ok"),
        of("game@1", "1", json!("ann"), "exited"),
        of("game@1", "2", json!("bob"), "crashed"),
        // Crashed once, whatever comes after it.
        of("game@1", "3", json!("bob"), "exited"),
        of("game@1", "4", json!("bob"), "crashed"),
        of("game@1", "5", json!(7), "errored"),
        of("game@1", "6", json!("7"), "exited"),
        of("game@1", "7", json!(" "), "crashed"),
        of("game@1", "8", Value::Null, "crashed"),
        of("game@2", "9", json!("bob"), "exited"),
    ];
    app.accepted(envelope(json!({}), &items)).await;
    let aggregates = json!([{ "did": "cy", "exited": 3 }, { "did": "ann", "crashed": 1 }, { "exited": 9 }]);
    let aggregates = json!({ "attrs": { "release": "game@2" }, "aggregates": aggregates });
    app.accepted(envelope(json!({}), &[("sessions", aggregates)])).await;
    let users = |release: usize| {
        let all = app.inbox.sessions();
        (all[release].users, all[release].crashed_users, all[release].crash_free_users)
    };
    assert_eq!(users(0), (3, 1, Some(1.0 - 1.0 / 3.0)));
    assert_eq!(users(1), (3, 1, Some(1.0 - 1.0 / 3.0)));
}
