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
async fn by_default_it_is_the_type_and_the_stack_of_ours() {
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
        crash("game::spin", json!(["shop", "crash"])),
        crash("game::bet", json!(["shop", "crash"])),
        crash("game::spin", json!(["{{ default }}", "RuntimeError"])),
        crash("game::spin", json!(["in {{ transaction }}", "{{ defaults }}", null, 7])),
    ];
    assert_eq!(
        fingerprints(&app, &events).await,
        [
            vec!["shop", "crash"],
            vec!["RuntimeError", "game::spin", "RuntimeError"],
            vec!["in {{ transaction }}", "{{ defaults }}", "7"],
        ]
    );
}

#[actix_web::test]
async fn a_cause_chain_is_named_by_its_outermost_error() {
    let app = spawn_app().await;
    let mut event = exception("TimeoutError", "too late", "reports::query");
    let cause =
        json!({ "type": "Elapsed", "stacktrace": { "frames": [{ "function": "cause", "in_app": true }] } });
    event["exception"]["values"].as_array_mut().unwrap().insert(0, cause);
    assert_eq!(fingerprints(&app, &[event]).await, [["TimeoutError", "reports::query"]]);
    assert_eq!(app.inbox.issues()[0].title, "TimeoutError: too late");
}

#[actix_web::test]
async fn without_a_frame_of_ours_all_count_and_without_any_the_value() {
    let app = spawn_app().await;
    let foreign = |function: &str, value: &str| {
        json!({ "exception": [{ "type": "E", "value": value, "stacktrace": { "frames": [
            { "function": "run", "in_app": false }, { "function": function },
        ] } }] })
    };
    let plain = |value: &str| json!({ "exception": [{ "type": "E", "value": value }] });
    let events = [foreign("poll", "a"), foreign("poll", "b"), foreign("wake", "a"), plain("a"), plain("b")];
    assert_eq!(fingerprints(&app, &events).await, [["E", "poll"], ["E", "wake"], ["E", "a"], ["E", "b"]]);
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

/// How many issues these events make.
async fn issues(events: &[Value]) -> usize {
    let app = spawn_app().await;
    fingerprints(&app, events).await.len()
}

fn failure(frames: Value) -> Value {
    json!({ "exception": { "values": [{ "type": "E", "value": "v", "stacktrace": { "frames": frames } }] } })
}

/// A frame of ours in `shop.py`.
fn frame(more: Value) -> Value {
    with(json!({ "filename": "app/shop.py", "function": "total", "lineno": 1, "in_app": true }), more)
}

#[actix_web::test]
async fn every_frame_of_ours_counts_by_its_module_or_file_function_and_source_line() {
    let one = failure(json!([frame(json!({})), { "function": "lib" }, frame(json!({ "function": "add" }))]));
    for other in [
        json!([frame(json!({ "function": "pay" })), { "function": "lib" }, frame(json!({ "function": "add" }))]),
        json!([frame(json!({})), frame(json!({ "function": "sub" }))]),
        json!([frame(json!({})), frame(json!({ "function": "add", "filename": "app/basket.py" }))]),
        json!([frame(json!({})), frame(json!({ "function": "add", "module": "basket" }))]),
        json!([frame(json!({})), frame(json!({ "function": "add", "context_line": "return 1" }))]),
        json!([frame(json!({ "function": "add" }))]),
    ] {
        assert_eq!(issues(&[one.clone(), failure(other.clone())]).await, 2, "{other}");
    }
    for same in [
        json!([
            frame(json!({ "lineno": 7 })),
            frame(json!({ "function": "add", "abs_path": "/srv/shop.py" }))
        ]),
        json!([frame(json!({})), { "function": "other" }, frame(json!({ "function": "add" }))]),
        json!([frame(json!({})), frame(json!({})), frame(json!({ "function": "add" })), null]),
        json!([frame(json!({ "filename": "/home/ann/shop.py" })), frame(json!({ "function": "add" }))]),
    ] {
        assert_eq!(issues(&[one.clone(), failure(same.clone())]).await, 1, "{same}");
    }
}

#[actix_web::test]
async fn the_whole_chain_of_exceptions_counts() {
    let chain = |cause: &str, value: &str| {
        let mut event = crash("game::spin", Value::Null);
        let cause = json!({ "type": cause, "value": value });
        event["exception"]["values"].as_array_mut().unwrap().insert(0, cause);
        event
    };
    assert_eq!(issues(&[chain("Io", "row 1"), chain("Io", "row 2")]).await, 1);
    assert_eq!(
        issues(&[chain("Io", "row 1"), chain("Parse", "row 1"), crash("game::spin", json!([]))]).await,
        3
    );
}

#[actix_web::test]
async fn functions_without_a_name_do_not_count() {
    let of = |function: Value| failure(json!([frame(json!({ "function": function }))]));
    let unnamed = ["?", "<lambda>", "<anonymous>", "Object.<anonymous>", "lambda$run$3", "{closure}", ""];
    let mut events: Vec<Value> = unnamed.into_iter().map(|name| of(json!(name))).collect();
    events.push(of(Value::Null));
    assert_eq!(issues(&events).await, 1);
    // Where nothing of any frame is known, the value counts.
    let nothing = |value: &str| {
        json!({ "exception": [{ "type": "E", "value": value, "stacktrace": { "frames": [
            { "function": "?", "filename": "<anonymous>", "in_app": true },
        ] } }] })
    };
    assert_eq!(issues(&[nothing("a"), nothing("b"), nothing("a")]).await, 2);
}

#[actix_web::test]
async fn no_event_is_grouped_by_a_type_that_nobody_gave() {
    let app = spawn_app().await;
    let made_up = |value: &str| {
        let mechanism = json!({ "type": "generic", "synthetic": true });
        json!({ "exception": [{ "type": "Error", "value": value, "mechanism": mechanism }] })
    };
    let events = [
        made_up("it grew"),
        made_up("it shrank"),
        json!({ "exception": [{ "value": "it fell" }] }),
        json!({ "exception": [{ "value": "it rose" }] }),
        json!({ "message": "it stood" }),
    ];
    let all = fingerprints(&app, &events).await;
    assert_eq!(all, [["it grew"], ["it shrank"], ["it fell"], ["it rose"], ["it stood"]]);
}

#[actix_web::test]
async fn messages_and_values_that_differ_in_a_number_an_id_or_a_time_are_one_issue() {
    let app = spawn_app().await;
    let texts = |of: fn(&str) -> Value| {
        [
            "order 1 failed",
            "order 2 failed",
            "order 0191f5c8-3b7e-7cc3-98c5-dc0c0c07398f failed",
            "order 0191f5c8-3b7e-7cc3-98c5-dc0c0c073990 failed",
            "10.0.0.1 said at 2026-11-26T10:00:00Z: no",
            "10.0.0.2 said at 2026-11-26T10:00:01Z: no",
        ]
        .map(of)
    };
    let shown = [["order <int> failed"], ["order <uuid> failed"], ["<ip> said at <date>: no"]];
    assert_eq!(fingerprints(&app, &texts(|text| json!({ "message": text }))).await, shown);
    assert_eq!(app.inbox.issues()[0].title, "10.0.0.2 said at 2026-11-26T10:00:01Z: no", "titles keep them");
    let values = texts(|text| json!({ "exception": [{ "type": "E", "value": text }] }));
    assert_eq!(issues(&values).await, 3);
}

#[actix_web::test]
async fn variables_in_a_fingerprint_are_filled_in() {
    let app = spawn_app().await;
    let facts = json!({
        "transaction": "/pay", "level": 30, "release": "shop@1", "environment": "test", "logger": "shop.log",
        "tags": [["queue", "orders"]],
    });
    let event = failure(json!([frame(json!({ "module": "shop" })), { "function": "lib", "module": "lib" }]));
    let event = with(with(event, facts), json!({ "message": "ignored" }));
    for (variable, value) in [
        ("{{ transaction }}", "/pay"),
        ("{{transaction}}", "/pay"),
        ("{{ type }}", "E"),
        ("{{ error.type }}", "E"),
        ("{{ message }}", "v"),
        ("{{ error.value }}", "v"),
        ("{{ function }}", "total"),
        ("{{ module }}", "shop"),
        ("{{ level }}", "warning"),
        ("{{ release }}", "shop@1"),
        ("{{ environment }}", "test"),
        ("{{ logger }}", "shop.log"),
        ("{{ tags.queue }}", "orders"),
        ("{{ tags.none }}", "<no-value-for-tag-none>"),
        ("{{ package }}", "<no-package>"),
        ("{{ nonsense }}", "{{ nonsense }}"),
    ] {
        app.event(with(event.clone(), json!({ "fingerprint": [variable, "x"] }))).await;
        assert_eq!(app.inbox.issues()[0].fingerprint, [value, "x"], "{variable}");
    }
    app.event(json!({ "message": "order 5 failed", "fingerprint": ["{{ message }}", "{{ type }}"] })).await;
    assert_eq!(app.inbox.issues()[0].fingerprint, ["order <int> failed", "<no-type>"]);
}

#[actix_web::test]
async fn a_checksum_decides_alone() {
    let of =
        |checksum: &str, text: &str| json!({ "checksum": checksum, "message": text, "fingerprint": [text] });
    assert_eq!(issues(&[of("c1", "a"), of("c1", "b"), of("c2", "a"), json!({ "message": "c1" })]).await, 3);
}

#[actix_web::test]
async fn an_event_without_exception_is_grouped_by_the_stack_of_the_thread_that_crashed() {
    let app = spawn_app().await;
    let thread = |function: &str, more: Value| {
        with(json!({ "stacktrace": { "frames": [{ "function": function, "in_app": true }] } }), more)
    };
    let event = |function: &str, text: &str| {
        let threads = [
            thread("other", json!({ "current": true })),
            thread(function, json!({ "crashed": true })),
            thread("last", json!({})),
        ];
        json!({ "message": text, "threads": { "values": threads } })
    };
    let events = [event("burn", "a"), event("burn", "b"), event("sink", "a")];
    assert_eq!(fingerprints(&app, &events).await, [["burn"], ["sink"]]);
}

#[actix_web::test]
async fn a_stack_of_any_depth_is_one_issue_and_only_its_innermost_part_is_read() {
    let deep = |depth: usize| {
        let mut frames = vec![json!({ "function": "main", "in_app": true })];
        frames.resize(depth, json!({ "function": "recurse", "in_app": true }));
        failure(json!(frames))
    };
    assert_eq!(issues(&[deep(2), deep(10), deep(400)]).await, 1);
    let behind = |outermost: &str| {
        let mut frames = vec![json!({ "function": outermost, "in_app": true })];
        frames.extend((0..500).map(|at| json!({ "function": format!("f{at}"), "in_app": true })));
        failure(json!(frames))
    };
    assert_eq!(issues(&[behind("a"), behind("b")]).await, 1);
}
