use reqwest::Method;

use crate::helpers::{answer, spawn_app};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

#[actix_web::test]
async fn the_callers_trace_goes_on_in_event_and_transaction() {
    let app = spawn_app().await;
    let request = app
        .request(Method::GET, "/debug/error/zero")
        .header("sentry-trace", format!("{TRACE}-00f067aa0ba902b7-1"))
        .header("X-Demo-Run", "run-7");
    let answer = answer(request).await;
    let event = app.event_of(&answer).await;
    let transaction = app.transaction("GET /debug/error/{type}").await;
    for reported in [&event, &transaction] {
        assert_eq!(reported["contexts"]["trace"]["trace_id"], TRACE);
        assert_eq!(reported["tags"]["demo.run_id"], "run-7");
    }
    assert_eq!(transaction["contexts"]["trace"]["parent_span_id"], "00f067aa0ba902b7");
    assert_eq!(event["contexts"]["trace"]["span_id"], transaction["contexts"]["trace"]["span_id"]);
}

#[actix_web::test]
async fn a_w3c_traceparent_is_continued_where_sentrys_own_header_is_absent() {
    let app = spawn_app().await;
    let traceparent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    answer(app.request(Method::GET, "/debug/error/zero").header("traceparent", &traceparent)).await;
    let transaction = app.transaction("GET /debug/error/{type}").await;
    assert_eq!(transaction["contexts"]["trace"]["trace_id"], TRACE);
    assert_eq!(transaction["contexts"]["trace"]["parent_span_id"], "00f067aa0ba902b7");
}
