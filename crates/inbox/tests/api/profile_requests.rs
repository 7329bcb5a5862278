//! The samples of a request, and those before an event.

use serde_json::{Value, json};

use crate::helpers::{App, envelope, spawn_app};
use crate::profile_chunks::{CONVERGE, Chunk, FROM, PROFILER, SERVE, send_chunk};
use crate::profiles::{functions, profile, two_threads};

const TRANSACTION: &str = "11111111111111111111111111111111";
const EVENT: &str = "22222222222222222222222222222222";

fn transaction(spans: &[&str]) -> Value {
    json!({
        "type": "transaction",
        "transaction": "GET /",
        "start_timestamp": FROM,
        "timestamp": FROM + 0.1,
        "contexts": {
            "profile": { "profiler_id": PROFILER },
            "trace": { "span_id": spans[0], "trace_id": TRANSACTION, "data": { "thread.id": "1" } },
        },
        "spans": spans[1..].iter().map(|span| json!({ "span_id": span })).collect::<Vec<_>>(),
    })
}

async fn send_transaction(app: &App, spans: &[&str]) {
    app.accepted(envelope(json!({ "event_id": TRANSACTION }), &[("transaction", transaction(spans))])).await;
}

#[actix_web::test]
async fn the_profile_of_a_request_has_the_samples_of_its_spans_on_every_thread_and_no_neighbours() {
    let app = spawn_app().await;
    let (own, child, other) = ("aaaaaaaaaaaaaaaa", "00000000000000bb", "cccccccccccccccc");
    let chunk = Chunk::at(FROM)
        .of_span(own, 0, "1", &[SERVE])
        .of_span(other, 10, "1", &["neighbour"])
        .of_span(own, 20, "1", &[SERVE])
        .sample(30, "1", &[])
        .of_span(child, 0, "2", &[CONVERGE])
        .sample(10, "2", &["between"])
        .sample(20, "2", &[]);
    send_chunk(&app, chunk).await;
    send_transaction(&app, &[own, child]).await;
    let own = profile(&app, &format!("transaction={TRANSACTION}")).await;
    assert_eq!(functions(&own), [(CONVERGE, 10.0, 10.0), (SERVE, 20.0, 20.0)]);
    assert_eq!(own["by_span"], true);
}

#[actix_web::test]
async fn where_the_profiler_knows_no_spans_the_profile_of_a_request_is_that_of_its_thread_meanwhile() {
    let app = spawn_app().await;
    let chunk = two_threads().sample(0, "3", &["neighbour"]).sample(50, "3", &[]);
    send_chunk(&app, chunk).await;
    send_transaction(&app, &["aaaaaaaaaaaaaaaa"]).await;
    let own = profile(&app, &format!("transaction={TRANSACTION}")).await;
    assert_eq!(functions(&own), [(CONVERGE, 20.0, 20.0), (SERVE, 10.0, 30.0)]);
    assert_eq!((&own["by_span"], &own["thread"]), (&json!(false), &json!("1")));
    let other = profile(&app, &format!("transaction={TRANSACTION}&thread=3")).await;
    assert_eq!(functions(&other), [("neighbour", 50.0, 50.0)]);
}

#[actix_web::test]
async fn the_profile_of_an_event_is_that_of_the_ten_seconds_before_it() {
    let app = spawn_app().await;
    for (number, begins, name) in [(0, -11.0, "long before"), (1, -9.0, "before"), (2, 1.0, "after")] {
        let chunk = Chunk::at(FROM + begins).number(number).sample(0, "1", &[name]).sample(10, "1", &[]);
        send_chunk(&app, chunk).await;
    }
    let named = json!({ "profile": { "profiler_id": PROFILER } });
    for (id, release, contexts) in [(EVENT, "another", named), (TRANSACTION, "shop@1.0.0", Value::Null)] {
        let event = json!({ "message": "m", "timestamp": FROM, "release": release, "contexts": contexts });
        app.accepted(envelope(json!({ "event_id": id }), &[("event", event)])).await;
        let before = profile(&app, &format!("event={id}")).await;
        assert_eq!(functions(&before), [("before", 10.0, 10.0)], "{release}");
        assert_eq!((&before["from"], &before["to"]), (&json!(FROM - 10.0), &json!(FROM)));
    }
}

#[actix_web::test]
async fn an_event_of_a_very_long_release_finds_its_profiler() {
    let app = spawn_app().await;
    let release = json!("r".repeat(1_000));
    let chunk =
        Chunk::at(FROM).sample(0, "1", &[SERVE]).sample(10, "1", &[]).with("release", release.clone());
    send_chunk(&app, chunk).await;
    let event = json!({ "message": "m", "timestamp": FROM + 1.0, "release": release });
    app.accepted(envelope(json!({ "event_id": EVENT }), &[("event", event)])).await;
    assert_eq!(functions(&profile(&app, &format!("event={EVENT}")).await), [(SERVE, 10.0, 10.0)]);
}

#[actix_web::test]
async fn what_was_not_profiled_is_404_and_says_why() {
    let app = spawn_app().await;
    let event = json!({ "message": "m", "release": "another@1" });
    app.accepted(envelope(json!({ "event_id": EVENT }), &[("event", event)])).await;
    let bare = json!({ "type": "transaction", "start_timestamp": FROM, "timestamp": FROM });
    app.accepted(envelope(json!({ "event_id": EVENT }), &[("transaction", bare)])).await;
    send_transaction(&app, &["aaaaaaaaaaaaaaaa"]).await;
    let cases = [
        (format!("profiler={PROFILER}"), "no samples of profiler"),
        (format!("transaction={TRANSACTION}"), "no samples of profiler"),
        (format!("transaction={EVENT}"), "names no profiler"),
        (format!("event={EVENT}"), "names no profiler"),
        ("event=x".to_owned(), "no such event"),
        ("transaction=x".to_owned(), "no such transaction"),
    ];
    for (query, reason) in cases {
        for path in ["profile", "profile/speedscope", "profile/pprof"] {
            let answer = app.get(&format!("/api/{path}?{query}")).await;
            assert_eq!(answer.status, 404, "{query}: {answer:?}");
            assert!(answer.body["error"].as_str().unwrap().contains(reason), "{query}: {answer:?}");
        }
    }
}
