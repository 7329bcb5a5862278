//! Which events are one issue.

use serde_json::{Value, json};

use crate::helpers::{App, exception, spawn_app, with};

/// The resolved fingerprints of the issues that these events make, oldest first.
async fn fingerprints(app: &App, events: &[Value]) -> Vec<Vec<String>> {
    for event in events {
        app.event(event.clone()).await;
    }
    app.inbox.issues().into_iter().rev().map(|issue| issue.fingerprint).collect()
}

fn crash(function: &str, fingerprint: Value) -> Value {
    with(exception("RuntimeError", "it broke", function), json!({ "fingerprint": fingerprint }))
}

#[actix_web::test]
async fn by_default_it_is_the_type_and_the_top_function_of_ours() {
    let app = spawn_app().await;
    let without = exception("RuntimeError", "other words", "game::spin");
    let events = [
        crash("game::spin", json!(["{{ default }}"])),
        crash("game::spin", json!(["{{default}}"])),
        crash("game::spin", json!(["{{  default  }}"])),
        crash("game::spin", json!([])),
        crash("game::spin", Value::Null),
        without,
        crash("game::bet", json!(["{{ default }}"])),
    ];
    assert_eq!(
        fingerprints(&app, &events).await,
        [["RuntimeError", "game::spin"], ["RuntimeError", "game::bet"],]
    );
    assert_eq!(app.inbox.issues()[1].count, 6);
}

#[actix_web::test]
async fn text_stays_as_it_is_and_may_stand_beside_the_default() {
    let app = spawn_app().await;
    let events = [
        crash("game::spin", json!(["game-engine", "crash"])),
        crash("game::bet", json!(["game-engine", "crash"])),
        crash("game::spin", json!(["{{ default }}", "RuntimeError"])),
        crash("game::spin", json!(["{{ transaction }}", "{{ defaults }}", 7])),
    ];
    assert_eq!(
        fingerprints(&app, &events).await,
        [
            vec!["game-engine", "crash"],
            vec!["RuntimeError", "game::spin", "RuntimeError"],
            vec!["{{ transaction }}", "{{ defaults }}", "7"],
        ]
    );
}

#[actix_web::test]
async fn of_a_cause_chain_the_outermost_error_counts() {
    let app = spawn_app().await;
    let mut event = exception("TimeoutError", "too late", "analytics::query");
    let cause =
        json!({ "type": "Elapsed", "stacktrace": { "frames": [{ "function": "cause", "in_app": true }] } });
    event["exception"]["values"].as_array_mut().unwrap().insert(0, cause);
    assert_eq!(fingerprints(&app, &[event]).await, [["TimeoutError", "analytics::query"]]);
    assert_eq!(app.inbox.issues()[0].title, "TimeoutError: too late");
}

#[actix_web::test]
async fn an_exception_without_a_frame_of_ours_is_distinguished_by_its_value() {
    let app = spawn_app().await;
    let foreign = json!({ "exception": { "values": [{
        "type": "E", "value": "a", "stacktrace": { "frames": [{ "function": "poll", "in_app": false }] },
    }] } });
    let list = json!({ "exception": [{ "type": "E", "value": "b" }] });
    assert_eq!(fingerprints(&app, &[foreign, list]).await, [["E", "a"], ["E", "b"]]);
}

#[actix_web::test]
async fn messages_are_distinguished_by_their_template() {
    let app = spawn_app().await;
    let grew = |by: &str| json!({ "logentry": { "message": "it grew by %s", "formatted": format!("it grew by {by}") } });
    let events = [
        grew("3"),
        grew("4"),
        json!({ "message": "plain" }),
        json!({ "logentry": { "message": "plain" } }),
        json!({ "message": { "message": "old %s", "formatted": "old way" } }),
        json!({}),
    ];
    assert_eq!(fingerprints(&app, &events).await, [["it grew by %s"], ["plain"], ["old %s"], [""]]);
    let titles: Vec<String> = app.inbox.issues().into_iter().rev().map(|issue| issue.title).collect();
    assert_eq!(titles, ["it grew by 4", "plain", "old way", "<no message>"]);
}
