//! Clients of every kind are let in.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use sentry::protocol::{Event, Exception, SessionStatus};
use sentry::{Client, ClientOptions, Hub, Scope, TransactionContext};
use serde_json::json;

use crate::helpers::{EVENT_ID, answer, envelope, http, message, spawn_app};

#[actix_web::test]
async fn any_key_or_none_will_do() {
    let app = spawn_app().await;
    let post = |path: &str| app.request(Method::POST, path).body(message("hello"));
    let in_envelope = envelope(
        json!({ "event_id": EVENT_ID, "dsn": "https://other@sentry.example/7" }),
        &[("event", json!({}))],
    );
    for request in [
        post("/api/1/envelope/"),
        post("/api/1/envelope/?sentry_key=abc&sentry_version=7"),
        post("/api/1/envelope/").header("X-Sentry-Auth", "Sentry sentry_version=7, sentry_key=abc"),
        post("/api/1/envelope/").header("Authorization", "Sentry nonsense"),
        post("/api/1/envelope/").body(in_envelope),
    ] {
        assert_eq!(answer(request).await.status, 200);
    }
    assert_eq!(app.inbox.events().len(), 5);
}

#[actix_web::test]
async fn the_slash_at_the_end_is_optional() {
    let app = spawn_app().await;
    for path in ["/api/1/envelope", "/api/1/envelope/"] {
        assert_eq!(answer(app.request(Method::POST, path).body(message(path))).await.status, 200, "{path}");
    }
}

#[actix_web::test]
async fn any_content_type_will_do() {
    let app = spawn_app().await;
    for kind in ["application/x-sentry-envelope", "application/json", "text/plain;charset=UTF-8", "-"] {
        let request = app.request(Method::POST, "/api/1/envelope/").header("Content-Type", kind);
        assert_eq!(answer(request.body(message(kind))).await.status, 200, "{kind}");
    }
}

#[actix_web::test]
async fn the_project_is_that_of_the_path() {
    let app = spawn_app().await;
    for project in ["1", "42"] {
        let path = format!("/api/{project}/envelope/");
        answer(app.request(Method::POST, &path).body(message("the same"))).await;
    }
    let projects: Vec<String> = app.inbox.issues().into_iter().map(|issue| issue.project).collect();
    assert_eq!(projects, ["42", "1"], "an issue each, newest first");
}

/// A client like that of a service. Its transport sends from its own thread.
fn sdk(dsn: &str) -> Hub {
    // The transport's HTTP client wants a TLS provider, even where nothing is encrypted.
    drop(http());
    let options = ClientOptions::new().dsn(dsn).release("inbox-test@1.0.0").traces_sample_rate(1.0);
    let options = sentry::apply_defaults(options);
    Hub::new(Some(Arc::new(Client::from_config(options))), Arc::new(Scope::default()))
}

#[actix_web::test]
async fn an_event_of_the_real_sdk_arrives_whole() {
    let app = spawn_app().await;
    let hub = sdk(&app.inbox.dsn_for(7));
    hub.configure_scope(|scope| scope.set_tag("service", "shop"));
    let exception = Exception {
        ty: "KeyError".to_owned(),
        value: Some("no such game".to_owned()),
        ..Exception::default()
    };
    let id = hub.capture_event(Event { exception: vec![exception].into(), ..Event::default() });
    app.inbox.wait_until("the event", |inbox| !inbox.events().is_empty()).await.unwrap();
    let shown = app.get(&format!("/api/events/{}", id.simple())).await.body;
    assert_eq!(shown["event"]["release"], "inbox-test@1.0.0");
    assert_eq!(shown["event"]["contexts"]["rust"]["name"], "rustc");
    assert_eq!(shown["summary"]["title"], "KeyError: no such game");
    assert_eq!(shown["issue"]["service"], "shop");
    assert_eq!(shown["issue"]["project"], "7");
}

#[actix_web::test]
async fn a_transaction_and_a_session_of_the_real_sdk_arrive() {
    let app = spawn_app().await;
    let hub = Arc::new(sdk(&app.inbox.dsn()));
    Hub::run(Arc::clone(&hub), || {
        sentry::start_session();
        let transaction = sentry::start_transaction(TransactionContext::new("GET /spin", "http.server"));
        transaction.start_child("db", "games.find").finish();
        transaction.finish();
        sentry::end_session_with_status(SessionStatus::Crashed);
    });
    let client = hub.client().unwrap();
    assert!(client.flush(Some(Duration::from_secs(10))));
    let transactions = app.list("/api/transactions", "transactions").await;
    assert_eq!(transactions[0]["transaction"], "GET /spin");
    assert_eq!(transactions[0]["span_count"], 1);
    let sessions = app.inbox.sessions();
    assert_eq!((sessions[0].release.as_str(), sessions[0].crashed), ("inbox-test@1.0.0", 1));
}
