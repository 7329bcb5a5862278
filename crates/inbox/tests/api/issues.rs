//! What an issue reports its events.

use serde_json::{Value, json};

use crate::helpers::{exception, spawn_app, with};

#[actix_web::test]
async fn an_issue_tells_what_its_latest_event_reported() {
    let app = spawn_app().await;
    let event = |value: &str, level: &str, release: &str| {
        let more = json!({
            "level": level,
            "release": release,
            "environment": "test",
            "transaction": "GET /debug/crash",
            "tags": [["service", "shop"], ["scenario", "shop.crash"]],
        });
        with(exception("RuntimeError", value, "game::spin"), more)
    };
    app.event(event("old", "error", "shop@1")).await;
    let latest = app.event(event("new", "fatal", "shop@2")).await;
    let mut issue = app.issues().await.remove(0);
    let fields = issue.as_object_mut().unwrap();
    let (first, last) = (fields.remove("first_seen").unwrap(), fields.remove("last_seen").unwrap());
    assert!(first.as_f64().unwrap() <= last.as_f64().unwrap(), "{first} {last}");
    assert_eq!(
        issue,
        json!({
            "id": "1",
            "project": "1",
            "service": "shop",
            "title": "RuntimeError: new",
            "type": "RuntimeError",
            "value": "new",
            "level": "fatal",
            "culprit": "GET /debug/crash",
            "handled": false,
            "fingerprint": ["RuntimeError", "game::spin"],
            "count": 2,
            "users": 0,
            "last_event_id": latest,
            "status": "unresolved",
            "regressed": false,
            "environment": "test",
            "release": "shop@2",
            "scenario": "shop.crash",
        })
    );
    assert_eq!(app.get("/api/issues/1").await.body["title"], "RuntimeError: new");
}

#[actix_web::test]
async fn a_message_has_no_type_and_was_neither_handled_nor_not() {
    let app = spawn_app().await;
    let frames = json!([{ "function": "inner", "in_app": true }, { "function": "std", "in_app": false }]);
    let threads = json!({ "values": [{ "stacktrace": { "frames": frames } }] });
    app.event(json!({ "message": "it grew", "level": "warning", "threads": threads })).await;
    let issue = app.issues().await.remove(0);
    assert_eq!((&issue["type"], &issue["handled"]), (&Value::Null, &Value::Null));
    assert_eq!(
        (&issue["title"], &issue["value"], &issue["level"]),
        (&json!("it grew"), &json!("it grew"), &json!("warning"))
    );
    assert_eq!(issue["culprit"], "inner", "without a transaction it is the function on top");
}

#[actix_web::test]
async fn an_event_without_a_level_is_an_error() {
    let app = spawn_app().await;
    app.event(exception("E", "v", "f")).await;
    assert_eq!(app.issues().await[0]["level"], "error");
}

#[actix_web::test]
async fn each_user_is_counted_once() {
    let app = spawn_app().await;
    for user in [
        json!({ "id": "ann" }),
        json!({ "id": "ben" }),
        json!({ "id": "ann" }),
        json!({ "id": 7 }),
        json!({}),
    ] {
        app.event(json!({ "message": "it", "user": user })).await;
    }
    let issue = app.issues().await.remove(0);
    assert_eq!((&issue["users"], &issue["count"]), (&json!(3), &json!(5)));
}

#[actix_web::test]
async fn the_issue_seen_last_stands_first() {
    let app = spawn_app().await;
    for text in ["a", "b", "a"] {
        app.event(json!({ "message": text })).await;
    }
    let issues = app.issues().await;
    let titles: Vec<&Value> = issues.iter().map(|issue| &issue["title"]).collect();
    assert_eq!(titles, ["a", "b"]);
}

#[actix_web::test]
async fn users_are_known_by_id_else_email_name_or_address() {
    let app = spawn_app().await;
    let send = async |user: Value| {
        app.event(json!({ "message": "it", "user": user })).await;
        app.issues().await[0]["users"].clone()
    };
    for (user, count) in [
        (json!({ "id": "ann", "email": "ann@example.com", "ip_address": "10.0.0.1" }), 1),
        (json!({ "id": "ann", "email": "other@example.com" }), 1),
        (json!({ "id": "", "email": "ann@example.com", "username": "ann" }), 2),
        (json!({ "email": "ann@example.com", "username": "ben" }), 2),
        (json!({ "username": "ann", "ip_address": "10.0.0.1" }), 3),
        (json!({ "username": "ann", "ip_address": "10.0.0.2" }), 3),
        (json!({ "ip_address": "10.0.0.1" }), 4),
        (json!({ "id": null, "ip_address": "10.0.0.2" }), 5),
        (json!({ "name": "Ann" }), 5),
        (Value::Null, 5),
        (json!({ "id": u64::MAX }), 6),
        (json!({ "id": u64::MAX - 1 }), 7),
    ] {
        assert_eq!(send(user.clone()).await, count, "{user}");
    }
    for (digits, count) in [("123456789012345678901234", 8), ("123456789012345678901235", 9)] {
        let event = format!("{{\"message\":\"it\",\"user\":{{\"id\":{digits}}}}}");
        let id = sentry::types::random_uuid();
        app.accepted(format!("{{\"event_id\":\"{id}\"}}\n{{\"type\":\"event\"}}\n{event}\n")).await;
        assert_eq!(app.issues().await[0]["users"], count, "{digits}");
    }
}
