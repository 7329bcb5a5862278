//! The dynamic sampling context that a trace comes in with, or that it gets here.

use inbox::Inbox;
use reqwest::Method;
use serde_json::{Value, json};

use crate::helpers::{App, answer};
use crate::raw::{items, spawn_app};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

/// Waits for a call's transaction and events, and returns the `trace` headers that all of them were sent with.
async fn traces_after(app: &App, path: &str, headers: &[(&str, &str)], events: usize) -> Vec<Value> {
    let request = app.request(Method::GET, path);
    answer(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await;
    let sent = |inbox: &Inbox| inbox.events().len() >= events && !inbox.transactions().is_empty();
    app.inbox.wait_until("the transaction and its events", sent).await.unwrap();
    let all = ["event", "transaction"].map(|ty| items(app, ty)).concat();
    assert_eq!(all.len(), events + 1, "{path}");
    all.into_iter().map(|(headers, _)| headers["trace"].clone()).collect()
}

#[actix_web::test]
async fn one_that_came_in_goes_out_unchanged_with_transactions_and_with_every_kind_of_event() {
    let sentry_trace = format!("{TRACE}-{SPAN}-1");
    let first = format!("other=x;y , sentry-trace_id = {TRACE} ;p=1,sentry-public_key\t=\tfront");
    let second = "sentry-release=front%401.0+2;p=1, sentry-environment=prod,sentry-sample_rate=0.25,\
        sentry-sampled=true,sentry-sample_rand=0.123456,sentry-replay_id=0f0f,sentry-org_id=42,\
        sentry-transaction=GET%20%2Fp%C3%A9,sentry-from_tomorrow=a=b";
    let expected = json!({
        "trace_id": TRACE, "public_key": "front", "release": "front@1.0+2", "environment": "prod",
        "sample_rate": "0.25", "sampled": "true", "sample_rand": "0.123456", "replay_id": "0f0f", "org_id": "42",
        "transaction": "GET /pé", "from_tomorrow": "a=b",
    });
    let headers = [("sentry-trace", sentry_trace.as_str()), ("baggage", &first), ("baggage", second)];
    for (path, events) in [
        ("/debug/error/zero", 1),
        ("/debug/crash", 1),
        ("/debug/async-error", 2),
        ("/debug/threading-error", 1),
        ("/debug/memory-leak?mb=1", 1),
        ("/health", 0),
    ] {
        let app = spawn_app().await;
        for trace in traces_after(&app, path, &headers, events).await {
            assert_eq!(trace, expected, "{path}");
        }
    }
}

#[actix_web::test]
async fn a_trace_that_came_without_one_gets_none_here() {
    let sentry_trace = format!("{TRACE}-{SPAN}-1");
    let foreign = format!("sentry-trace_id={},sentry-public_key=front", "1".repeat(32));
    for baggage in ["", "other=x", &foreign] {
        let app = spawn_app().await;
        let headers = [("sentry-trace", sentry_trace.as_str()), ("baggage", baggage)];
        for trace in traces_after(&app, "/debug/error/zero", &headers, 1).await {
            assert_eq!(trace, Value::Null, "{baggage}");
        }
        let transaction = &app.inbox.transactions()[0];
        assert_eq!(transaction["contexts"]["trace"]["trace_id"], TRACE);
    }
}

#[actix_web::test]
async fn where_no_trace_came_in_it_speaks_of_this_service() {
    let zeros = format!("{}-{SPAN}-1", "0".repeat(32));
    let broken = format!("{TRACE}-{SPAN}-2");
    let baggage = format!("sentry-trace_id={TRACE},sentry-public_key=front");
    for sentry_trace in [None, Some(zeros.as_str()), Some(broken.as_str()), Some("not-a-trace")] {
        let app = spawn_app().await;
        let headers: Vec<_> = sentry_trace
            .into_iter()
            .map(|header| ("sentry-trace", header))
            .chain([("baggage", baggage.as_str())])
            .collect();
        let traces = traces_after(&app, "/debug/error/zero", &headers, 1).await;
        let trace_id = app.inbox.transactions()[0]["contexts"]["trace"]["trace_id"].clone();
        assert!(trace_id != TRACE && trace_id != "0".repeat(32), "{trace_id}");
        for trace in traces {
            assert_eq!(trace["trace_id"], trace_id, "{sentry_trace:?}");
            assert_eq!(trace["release"], "game-engine@test");
            assert_eq!(trace["public_key"], "inbox");
        }
    }
}

#[actix_web::test]
async fn a_sample_rate_that_is_no_rate_is_none_and_spoils_nothing_else() {
    let app = spawn_app().await;
    let sentry_trace = format!("{TRACE}-{SPAN}-1");
    let baggage = format!("sentry-trace_id={TRACE},sentry-sample_rate=1e400,sentry-public_key=front");
    let headers = [("sentry-trace", sentry_trace.as_str()), ("baggage", &baggage)];
    for trace in traces_after(&app, "/debug/error/zero", &headers, 1).await {
        assert_eq!(trace, json!({ "trace_id": TRACE, "public_key": "front" }));
    }
}
