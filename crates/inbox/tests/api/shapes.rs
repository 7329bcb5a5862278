//! The shapes in which SDKs of all years send the same thing.

use serde_json::{Value, json};

use crate::helpers::{App, spawn_app, with};

/// The only issue, after these events.
async fn only_issue(app: &App, events: &[Value]) -> Value {
    for event in events {
        app.event(event.clone()).await;
    }
    let mut issues = app.issues().await;
    assert_eq!(issues.len(), 1, "{issues:?}");
    issues.remove(0)
}

#[actix_web::test]
async fn an_exception_is_one_issue_whatever_shape_it_comes_in() {
    let app = spawn_app().await;
    let stack = json!({ "frames": [null, { "function": "total", "in_app": true }, null] });
    let exception = json!({ "type": "E", "value": "v", "stacktrace": stack });
    let bare = json!({ "type": "E", "value": "v" });
    let events = [
        json!({ "exception": { "values": [exception] } }),
        json!({ "exception": { "values": [null, exception, null] } }),
        json!({ "exception": [exception] }),
        json!({ "exception": exception }),
        json!({ "exception": { "values": { "0": exception } } }),
        json!({ "sentry.interfaces.Exception": { "values": [exception] } }),
        json!({ "sentry.interfaces.Exception": exception }),
        json!({ "sentry.interfaces.Exception": bare, "sentry.interfaces.Stacktrace": stack }),
        json!({ "exception": { "values": [{ "value": "E: v", "stacktrace": stack }] } }),
        json!({ "exception": null, "sentry.interfaces.Exception": [exception], "threads": [null], "tags": null }),
    ];
    let issue = only_issue(&app, &events).await;
    assert_eq!((&issue["count"], &issue["title"]), (&json!(events.len()), &json!("E: v")));
    assert_eq!((&issue["type"], &issue["culprit"]), (&json!("E"), &json!("total")));
    assert_eq!(
        app.inbox.events().last(),
        events.last().map(|it| with(it.clone(), json!({}))).as_ref(),
        "as sent"
    );
}

#[actix_web::test]
async fn a_message_is_one_issue_whatever_shape_it_comes_in() {
    let app = spawn_app().await;
    let texts = [
        json!({ "logentry": { "message": "order %s of %d", "params": ["a", 7] } }),
        json!({ "logentry": { "message": "order %s of %d", "params": ["b", 8], "formatted": "order a of 7" } }),
        json!({ "sentry.interfaces.Message": { "message": "order %s of %d", "params": ["a", 7] } }),
        json!({ "message": { "message": "order %s of %d", "params": ["a", 7] } }),
    ];
    for event in &texts {
        assert_eq!(only_issue(&app, std::slice::from_ref(event)).await["title"], "order a of 7", "{event}");
    }
    for (template, params, title) in [
        ("%(who)s and %(other)s", json!({ "who": "ann", "other": null }), "ann and null"),
        ("{} and {}", json!(["ann", "ben"]), "ann and ben"),
        ("{who} and {0}", json!({ "who": "ann", "0": "ben" }), "ann and ben"),
        ("no params: 100% {}", json!([]), "no params: 100% {}"),
    ] {
        app.event(json!({ "logentry": { "message": template, "params": params } })).await;
        assert_eq!(app.issues().await[0]["title"], title);
    }
    app.event(json!({ "logentry": "only text" })).await;
    assert_eq!(app.issues().await[0]["title"], "only text");
}

#[actix_web::test]
async fn the_crashed_thread_is_the_culprit_and_else_the_current_one() {
    let app = spawn_app().await;
    let thread = |function: &str, more: Value| {
        with(json!({ "stacktrace": { "frames": [{ "function": function, "in_app": true }] } }), more)
    };
    let (idle, current) = (thread("idle", json!({})), thread("now", json!({ "current": true })));
    let crashed = thread("burn", json!({ "crashed": true }));
    for (threads, culprit) in [
        (json!({ "values": [current, crashed, null, idle] }), json!("burn")),
        (json!([idle, current, idle]), json!("now")),
        (json!({ "values": [idle] }), json!("idle")),
        (json!([idle, idle]), Value::Null),
    ] {
        app.event(json!({ "message": culprit, "threads": threads })).await;
        assert_eq!(app.issues().await[0]["culprit"], culprit, "{threads}");
    }
    let exception = json!([{ "type": "SIGSEGV", "value": "address 0" }]);
    app.event(json!({ "exception": exception, "threads": [idle, crashed] })).await;
    assert_eq!(app.issues().await[0]["culprit"], "burn", "the exception has no stack");
    app.event(json!({ "culprit": "shop.pay in total", "message": "of an old client" })).await;
    assert_eq!(app.issues().await[0]["culprit"], "shop.pay in total");
}

#[actix_web::test]
async fn levels_are_sentrys_five() {
    let app = spawn_app().await;
    for (sent, level) in [
        (json!(10), "debug"),
        (json!("20"), "info"),
        (json!(30), "warning"),
        (json!(40), "error"),
        (json!(50), "fatal"),
        (json!("warn"), "warning"),
        (json!("ERR"), "error"),
        (json!("critical"), "fatal"),
        (json!("log"), "info"),
        (json!({}), "error"),
    ] {
        app.event(json!({ "message": "it", "level": sent })).await;
        assert_eq!(app.issues().await[0]["level"], level, "{sent}");
        assert_eq!(app.list("/api/events?limit=1", "events").await[0]["level"], level, "{sent}");
    }
}

#[actix_web::test]
async fn a_time_without_a_zone_is_utc() {
    let app = spawn_app().await;
    for time in ["2026-11-23T18:44:44.500000", "2026-11-23 18:44:44.5", "2026-11-23T19:44:44.5+0100"] {
        app.event(json!({ "message": "it", "timestamp": time })).await;
        let summary = app.list("/api/events?limit=1", "events").await.remove(0);
        assert_eq!(summary["timestamp"], 1_795_459_484.5, "{time}");
    }
}

#[actix_web::test]
async fn tags_are_an_object_or_pairs_and_numbers_stand_for_text() {
    let app = spawn_app().await;
    for tags in [
        json!({ "service": 9_223_372_036_854_775_807_u64 }),
        json!([null, ["other", 1], ["service", 9_223_372_036_854_775_807_u64]]),
        json!([{ "key": "service", "value": "9223372036854775807" }]),
    ] {
        app.event(json!({ "message": "it", "tags": tags, "release": 7 })).await;
        let issue = app.issues().await.remove(0);
        assert_eq!(issue["service"], "9223372036854775807", "{tags}");
        assert_eq!(issue["release"], "7");
    }
}

#[actix_web::test]
async fn old_and_odd_values_take_no_event_away() {
    let app = spawn_app().await;
    for odd in [
        json!({ "exception": 7, "threads": "x", "logentry": [1], "fingerprint": "one", "level": [], "tags": 1 }),
        json!({ "exception": [[], 1, null, {}], "message": null, "stacktrace": 1, "user": "ann" }),
        json!({ "exception": { "values": [{ "type": ["E"], "value": { "code": 1 } }] } }),
        json!({ "exception": [{ "type": "E", "stacktrace": { "frames": { "1": { "function": "f" } } } }] }),
    ] {
        app.event(odd).await;
    }
    assert_eq!(app.inbox.stats().held.events, 4);
    let titles: Vec<Value> = app.issues().await.into_iter().map(|issue| issue["title"].clone()).collect();
    assert!(titles.contains(&json!("[\"E\"]: {\"code\":1}")), "{titles:?}");
}
