use reqwest::Method;

use crate::helpers::{answer, spawn_app};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

#[actix_web::test]
async fn the_callers_trace_goes_on_in_event_and_transaction() {
    let app = spawn_app().await;
    let request = app
        .request(Method::GET, "/api/debug/timeout?seconds=0.1")
        .header("sentry-trace", format!("{TRACE}-00f067aa0ba902b7-1"))
        .header("X-Demo-Run", "run-7");
    let answer = answer(request).await;
    let event = app.event_of(&answer).await;
    let transaction = app.transaction("GET /api/debug/timeout").await;
    for reported in [&event, &transaction] {
        assert_eq!(reported["contexts"]["trace"]["trace_id"], TRACE);
        assert_eq!(reported["tags"]["demo.run_id"], "run-7");
        assert_eq!(reported["tags"]["scenario"], "analytics.timeout");
    }
    assert_eq!(transaction["contexts"]["trace"]["parent_span_id"], "00f067aa0ba902b7");
    assert_eq!(event["contexts"]["trace"]["span_id"], transaction["contexts"]["trace"]["span_id"]);
}

#[actix_web::test]
async fn a_message_from_another_thread_carries_the_requests_trace_and_user() {
    let app = spawn_app().await;
    let request = app
        .request(Method::GET, "/api/debug/memory-spike")
        .header("sentry-trace", format!("{TRACE}-00f067aa0ba902b7-1"))
        .header("X-User-Id", "carol");
    assert_eq!(answer(request).await.status, 200);
    let event = app.event("the warning", |event| event["level"] == "warning").await;
    assert_eq!(event["contexts"]["trace"]["trace_id"], TRACE);
    assert_eq!(event["user"]["id"], "carol");
}

#[actix_web::test]
async fn the_player_of_a_path_is_the_user_of_its_transaction_and_of_its_event() {
    for (path, name, status) in [
        ("/api/v1/analytics/player-metrics/zo%C3%AB", "GET /api/v1/analytics/player-metrics/{user_id}", 503),
        ("/api/debug/panic/zo%C3%AB", "GET /api/debug/panic/{user_id}", 200),
    ] {
        let app = spawn_app().await;
        let answer = app.get(path).await;
        assert_eq!(answer.status, status, "{answer:?}");
        assert_eq!(app.transaction(name).await["user"]["id"], "zoë", "{path}");
        if status >= 500 {
            assert_eq!(app.event_of(&answer).await["user"]["id"], "zoë", "{path}");
        }
    }
}
