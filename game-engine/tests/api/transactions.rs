//! What a transaction says of its request, and an envelope of itself.

use game_engine::scenarios::CATALOGUE;
use reqwest::Method;
use serde_json::{Value, json};

use crate::helpers::{answer, spawn_app};
use crate::raw::{self, envelopes, items};

#[actix_web::test]
async fn a_transaction_says_what_was_asked_and_how_it_was_answered() {
    let app = raw::spawn_app().await;
    let request = app.request(Method::GET, "/debug/error/zero?a=b");
    let request = request.header("X-User-Id", "alice").header("X-Forwarded-For", "8.8.8.8:99");
    let failed = answer(request).await;
    let event = app.event_of(&failed).await;
    let transaction = app.transaction("GET /debug/error/{type}").await;
    let data = &transaction["contexts"]["trace"]["data"];
    for (name, value) in [
        ("http.request.method", json!("GET")),
        ("http.route", json!("/debug/error/{type}")),
        ("http.response.status_code", json!(500)),
        ("url.path", json!("/debug/error/zero")),
    ] {
        assert_eq!(data[name], value, "{name}");
    }
    assert_eq!(items(&app, "transaction")[0].1["transaction_info"], json!({ "source": "route" }));
    for part in ["id", "ip_address"] {
        assert_eq!(transaction["user"][part], event["user"][part], "{part}");
        assert!(event["user"][part].is_string(), "{part}");
    }
    for context in ["app", "device", "os", "runtime", "request"] {
        let (of_event, of_transaction) = (&event["contexts"][context], &transaction["contexts"][context]);
        let names = |context: &Value| context.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(of_transaction), names(of_event), "{context}");
    }
    assert_eq!(transaction["contexts"]["request"], event["contexts"]["request"]);
    assert!(transaction["contexts"]["dynamic_sampling_context"].is_null());
}

#[actix_web::test]
async fn where_no_route_matched_the_name_is_no_route() {
    let app = raw::spawn_app().await;
    assert_eq!(app.get("/no/such/path").await.status, 404);
    let transaction = app.transaction("GET <none>").await;
    let data = &transaction["contexts"]["trace"]["data"];
    assert_eq!(data["http.response.status_code"], 404);
    assert_eq!(data["url.path"], "/no/such/path");
    assert!(data["http.route"].is_null());
    let (headers, item) = &items(&app, "transaction")[0];
    assert_eq!(item["transaction_info"], json!({ "source": "url" }));
    assert!(headers["trace"]["transaction"].is_null(), "a poor name is not passed on: {headers}");
}

#[actix_web::test]
async fn all_times_are_seconds_as_numbers() {
    fn check(value: &Value, seen: &mut usize) {
        for (name, value) in value.as_object().into_iter().flatten() {
            if name == "timestamp" || name == "start_timestamp" {
                assert!(value.as_f64().is_some_and(|seconds| seconds > 1.7e9), "{name}: {value}");
                *seen += 1;
            }
            check(value, seen);
        }
        value.as_array().into_iter().flatten().for_each(|value| check(value, seen));
    }
    let app = raw::spawn_app().await;
    app.post("/calculate", r#"{"userId":"alice","bet":5,"cpu_intensive":true}"#).await;
    let failed = app.get("/debug/async-error").await;
    app.event_of(&failed).await;
    app.transaction("POST /calculate").await;
    app.transaction("GET /debug/async-error").await;
    let mut seen = 0;
    for ty in ["transaction", "event", "log", "trace_metric"] {
        items(&app, ty).iter().for_each(|(_, item)| check(item, &mut seen));
    }
    let spans =
        items(&app, "transaction").iter().map(|(_, it)| it["spans"].as_array().unwrap().len()).sum::<usize>();
    assert!(spans > 0 && seen > 2 * spans, "{seen} times, {spans} spans");
    for (_, transaction) in items(&app, "transaction") {
        for span in transaction["spans"].as_array().unwrap() {
            assert!(span["timestamp"].as_f64() >= span["start_timestamp"].as_f64(), "{span}");
            assert!(span["timestamp"].as_f64() <= transaction["timestamp"].as_f64(), "{span}");
        }
    }
}

#[actix_web::test]
async fn every_envelope_says_when_it_was_sent_and_by_what() {
    let app = raw::spawn_app().await;
    let failed = app.get("/debug/error/zero").await;
    app.event_of(&failed).await;
    app.transaction("GET /debug/error/{type}").await;
    app.inbox.wait_until("metrics, too", |inbox| !inbox.metrics().is_empty()).await.unwrap();
    for (headers, items) in envelopes(&app) {
        assert_eq!(headers["sdk"]["name"], "sentry.rust", "{items:?}");
        assert!(headers["sdk"]["version"].as_str().unwrap().starts_with("0."), "{items:?}");
        let sent_at = headers["sent_at"].as_str().unwrap();
        assert!(sent_at.starts_with("20") && sent_at.ends_with('Z'), "{sent_at}");
    }
}

#[actix_web::test]
async fn the_breadcrumbs_of_an_event_say_different_things() {
    let app = spawn_app().await;
    for scenario in CATALOGUE.scenarios {
        let path = scenario.path.replace("{type}", "value").replace("{user_id}", "panic-test");
        answer(
            app.request(
                scenario.method.http().as_str().parse().unwrap(),
                &format!("{path}?seconds=0.1&mb=1"),
            ),
        )
        .await;
    }
    // The last of a failing task's steps.
    let reported = |it: &Value| {
        let mut crumbs = it["breadcrumbs"]["values"].as_array().unwrap().iter();
        crumbs.any(|crumb| crumb["message"] == "task book-bonus ended with an error")
    };
    app.event("the failures of tasks", reported).await;
    for event in app.inbox.events() {
        let crumbs = event["breadcrumbs"]["values"].as_array().unwrap();
        let mut messages: Vec<_> = crumbs.iter().map(|crumb| crumb["message"].as_str().unwrap()).collect();
        let count = messages.len();
        messages.sort_unstable();
        messages.dedup();
        assert_eq!(messages.len(), count, "{messages:?}");
    }
}
