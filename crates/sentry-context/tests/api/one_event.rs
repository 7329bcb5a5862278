//! One failure makes one event, with all that its request knew, and its answer names that one.

use fixtures::app::{Answer, App, answer, exception};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::failing_app::start;
use crate::helpers::close;

const TRACE: &str = "0123456789abcdef0123456789abcdef";

/// The answer to a call by carol that continues a trace.
async fn ask(app: &App, path: &str) -> Answer {
    answer(carols(app, path)).await
}

fn carols(app: &App, path: &str) -> reqwest::RequestBuilder {
    let request = app.request(Method::GET, path).header("X-User-Id", "carol");
    request.header("sentry-trace", format!("{TRACE}-0123456789abcdef-1"))
}

/// That event knows its request.
fn is_of(event: &Value, transaction: &str) {
    assert_eq!(event["transaction"], transaction, "{event}");
    assert_eq!(
        (&event["user"]["id"], &event["contexts"]["trace"]["trace_id"]),
        (&json!("carol"), &json!(TRACE))
    );
    assert!(event["request"]["url"].is_string(), "{event}");
}

/// Calls each path; its answer is a 500 that names its only event, whose text is this.
async fn each_makes_one_event(cases: &[(&str, &str, &str)]) {
    let (app, _) = start().await;
    for (index, (path, transaction, text)) in cases.iter().enumerate() {
        let answer = ask(&app, path).await;
        assert_eq!(answer.status, 500, "{path} {answer:?}");
        let event = app.event_of(&answer).await;
        is_of(&event, transaction);
        assert_eq!(exception(&event)["value"], *text, "{path}");
        app.inbox
            .wait_until("its transaction", |inbox| inbox.transactions().len() == index + 1)
            .await
            .unwrap();
        assert_eq!(app.inbox.events().len(), index + 1, "{path} {:?}", app.inbox.events());
        assert_eq!(app.inbox.transactions()[index]["contexts"]["trace"]["status"], "internal_error");
    }
}

#[actix_web::test]
async fn an_answer_never_names_the_event_of_another_request() {
    let (app, _) = start().await;
    assert_eq!(ask(&app, "/jobs/left-alone/first").await.status, 200);
    let first = app.event("the task's event", |event| exception(event)["value"] == "first").await;
    let second = ask(&app, "/jobs/never-panicked/second").await;
    assert_ne!(second.body["event_id"], first["event_id"]);
    let event = app.event_of(&second).await;
    assert_eq!(
        (&exception(&event)["value"], &exception(&event)["type"]),
        (&json!("second"), &json!("Panic"))
    );
    is_of(&event, "GET /jobs/{how}/{text}");
    assert_eq!(app.inbox.events().len(), 2);
}

#[actix_web::test]
async fn a_panic_of_work_beside_the_request_is_one_event_that_the_answer_names() {
    each_makes_one_event(&[
        ("/jobs/blocking-lost/a", "GET /jobs/{how}/{text}", "a"),
        ("/jobs/blocking-resumed/b", "GET /jobs/{how}/{text}", "b"),
    ])
    .await;
}

#[actix_web::test]
async fn work_that_is_not_bound_to_its_request_makes_one_event_that_the_answer_names() {
    let (app, _) = start().await;
    let calls = ["thread-resumed", "other-literal-resumed", "web-block"];
    for (index, how) in calls.into_iter().enumerate() {
        let answer = ask(&app, &format!("/jobs/{how}/unbound")).await;
        assert_eq!(answer.status, 500, "{how} {answer:?}");
        let value = exception(&app.event_of(&answer).await)["value"].clone();
        assert_eq!(value, if how == "other-literal-resumed" { "another literal" } else { "unbound" });
        app.inbox
            .wait_until("its transaction", |inbox| inbox.transactions().len() == index + 1)
            .await
            .unwrap();
        assert_eq!(app.inbox.events().len(), index + 1, "{how}");
    }
}

#[actix_web::test]
async fn two_hundred_resumed_panics_at_once_are_each_named_by_their_own_answer() {
    let (app, _) = start().await;
    let call = async |number: usize| {
        let how = ["thread-resumed", "blocking-resumed", "never-panicked"][number % 3];
        (number, ask(&app, &format!("/jobs/{how}/call-{number}")).await)
    };
    for (number, answer) in join_all((0..200).map(call)).await {
        let event = app.event_of(&answer).await;
        assert_eq!(exception(&event)["value"], format!("call-{number}"));
    }
    assert_eq!(app.inbox.events().len(), 200);
}

#[actix_web::test]
async fn a_literal_that_several_requests_panic_with_at_once_is_never_named_wrongly() {
    let (app, _) = start().await;
    let answers = join_all((0..50).map(|_| ask(&app, "/jobs/literal-resumed/x"))).await;
    app.inbox.wait_until("50 events", |inbox| inbox.events().len() == 50).await.unwrap();
    let mut named: Vec<_> = answers.iter().filter_map(|answer| answer.body["event_id"].as_str()).collect();
    let names = named.len();
    named.sort_unstable();
    named.dedup();
    assert_eq!(named.len(), names, "two answers name one event");
}

#[actix_web::test]
async fn what_an_error_is_asked_may_panic_and_the_answer_names_that_one_event() {
    let cases = ["text", "source", "type", "context", "tags", "headers", "answer", "status"];
    let cases = cases.map(|asked| (format!("/error/{asked}"), format!("asked for its {asked}")));
    let cases = cases.each_ref().map(|(path, text)| (path.as_str(), "GET /error/{asked}", text.as_str()));
    each_makes_one_event(&cases).await;
}

#[actix_web::test]
async fn a_panic_is_caught_wherever_a_service_has_code_in_a_request() {
    each_makes_one_event(&[
        ("/error/nothing", "GET /error/{asked}", "an error that is asked"),
        ("/extractor", "GET /extractor", "in an extractor"),
        ("/responder", "GET /responder", "in a responder"),
        ("/middleware", "GET /middleware", "in a middleware"),
        ("/destructor", "GET /destructor", "in a destructor"),
        ("/body/size", "GET /body/{how}", "in the size of a body"),
        ("/payload/number", "GET /payload/{kind}", "panic with a payload that is not text"),
        ("/error/style", "GET /error/{asked}", "in the style"),
    ])
    .await;
}

#[actix_web::test]
async fn a_payload_that_panics_when_it_is_dropped_ends_its_request_only() {
    let (app, _) = start().await;
    let answer = ask(&app, "/payload/destructor").await;
    assert_eq!(answer.status, 500);
    is_of(&app.event_of(&answer).await, "GET /payload/{kind}");
    assert_eq!(ask(&app, "/body/whole").await.status, 200);
}

#[actix_web::test]
async fn an_event_processor_that_panics_costs_an_event_its_details_and_no_request_its_answer() {
    let (app, _) = start().await;
    for (then, text) in [("panic", "before an event processor"), ("error", "in an event processor")] {
        let answer = ask(&app, &format!("/processor/{then}")).await;
        assert_eq!(answer.status, 500, "{answer:?}");
        let event = app.event_of(&answer).await;
        assert_eq!((&exception(&event)["value"], &event["user"]["id"]), (&json!(text), &json!("carol")));
        assert_eq!(event["contexts"]["trace"]["trace_id"], TRACE);
    }
    app.inbox.wait_until("2 transactions", |inbox| inbox.transactions().len() == 2).await.unwrap();
    assert_eq!(app.inbox.events().len(), 2, "{:?}", app.inbox.events());
}

#[actix_web::test]
async fn a_body_that_fails_while_it_is_sent_is_its_requests_failure() {
    let (app, hub) = start().await;
    for (how, ty, text) in [
        ("panic", "Panic", "in a body"),
        ("error", "BodyError", "the body of an answer broke off: the source of a body is gone"),
        ("failure", "Asked", "an error that is asked"),
    ] {
        let response = carols(&app, &format!("/body/{how}")).send().await.unwrap();
        assert_eq!(response.status().as_u16(), 200);
        assert!(response.bytes().await.is_err(), "the caller has to see that it is not whole");
        let event = app.event(text, |event| exception(event)["value"] == text).await;
        assert_eq!(exception(&event)["type"], ty);
        is_of(&event, "GET /body/{how}");
    }
    app.inbox.wait_until("3 transactions", |inbox| inbox.transactions().len() == 3).await.unwrap();
    let transactions = app.inbox.transactions();
    assert!(transactions.iter().all(|it| it["contexts"]["trace"]["status"] == "internal_error"));
    assert_eq!(app.inbox.events().len(), 3);
    assert!(close(&hub).await);
    let sessions = app.inbox.sessions().remove(0);
    assert_eq!((sessions.crashed, sessions.errored), (1, 2), "{sessions:?}");
}

#[actix_web::test]
async fn a_body_that_is_sent_in_pieces_ends_its_transaction_well() {
    let (app, hub) = start().await;
    let response = carols(&app, "/body/whole").send().await.unwrap();
    assert_eq!(response.bytes().await.unwrap(), "a piece");
    let transaction = app.transaction("GET /body/{how}").await;
    assert_eq!(transaction["contexts"]["trace"]["status"], "ok");
    assert!(close(&hub).await);
    assert_eq!((app.inbox.events(), app.inbox.sessions()[0].crashed), (vec![], 0));
}

#[actix_web::test]
async fn a_destructor_that_panics_when_the_caller_hangs_up_is_reported_with_the_request() {
    let (app, _) = start().await;
    let call = tokio::task::spawn_local(carols(&app, "/destructor?wait").send());
    app.event("the message", |event| {
        event["logentry"]["message"].is_string() || event["message"].is_string()
    })
    .await;
    call.abort();
    let text = |event: &Value| event["exception"]["values"][0]["value"] == "in a destructor";
    is_of(&app.event("the panic", text).await, "GET /destructor");
    assert_eq!(ask(&app, "/body/whole").await.status, 200);
    let transaction = app.transaction("GET /destructor").await;
    assert_eq!(transaction["contexts"]["trace"]["status"], "cancelled");
}
