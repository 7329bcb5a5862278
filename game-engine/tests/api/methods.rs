//! Methods: `HEAD`, and those that nobody has heard of.

use game_engine::scenarios::CATALOGUE;
use inbox::Inbox;
use reqwest::Method;
use scenario::Method as ScenarioMethod;

use crate::helpers::answer;
use crate::raw::{items, send, spawn_app};

#[actix_web::test]
async fn head_is_answered_as_get_without_a_body() {
    let app = spawn_app().await;
    let of_scenarios = CATALOGUE.scenarios.iter().filter(|it| it.method == ScenarioMethod::Get);
    let of_scenarios =
        of_scenarios.map(|it| it.path.replace("{type}", "value").replace("{user_id}", "panic-test"));
    let others = ["/health", "/ready", "/debug", "/no/such/path", "/calculate"].map(str::to_owned);
    for path in of_scenarios.chain(others) {
        let path = format!("{path}?seconds=0.1&mb=1");
        let request = |method| format!("{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        let (get, full) = send(&app, request("GET").as_bytes()).await;
        let (head, body) = send(&app, request("HEAD").as_bytes()).await;
        assert!(!full.is_empty() && body.is_empty(), "{path}: {head}");
        let names = |head: &str| {
            let mut names: Vec<_> =
                head.lines().map(|line| line.split(':').next().unwrap().to_owned()).collect();
            names.sort();
            names
        };
        assert_eq!(names(&head), names(&get), "{path}");
        let length =
            |head: &str| head.lines().find(|line| line.starts_with("content-length")).map(str::to_owned);
        assert!(length(&head).is_some_and(|line| line != "content-length: 0"), "{path}: {head}");
    }
}

#[actix_web::test]
async fn the_transaction_of_a_head_request_is_named_so_and_the_connection_goes_on() {
    let app = spawn_app().await;
    let pipelined =
        b"HEAD /health HTTP/1.1\r\nHost: a\r\n\r\nHEAD /debug/error/zero HTTP/1.1\r\nHost: a\r\n\r\n\
        GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let (first, rest) = send(&app, pipelined).await;
    assert!(first.starts_with("http/1.1 200"), "{first}");
    let rest = String::from_utf8(rest).unwrap();
    assert!(rest.starts_with("HTTP/1.1 500") && rest.ends_with(r#"{"status":"ok"}"#), "{rest}");
    app.transaction("HEAD /health").await;
    let failed = app.transaction("HEAD /debug/error/{type}").await;
    assert_eq!(failed["contexts"]["trace"]["data"]["http.request.method"], "HEAD");
    assert_eq!(failed["request"]["method"], "HEAD");
    let event = app.event("the failure", |it| it["transaction"] == "HEAD /debug/error/{type}").await;
    assert_eq!(event["request"]["method"], "HEAD");
    assert_eq!(event["breadcrumbs"]["values"][0]["message"], "HEAD /debug/error/zero");
}

#[actix_web::test]
async fn an_invented_method_names_no_transaction_and_no_metric() {
    let app = spawn_app().await;
    for method in ["BREW", "get", "X1", "PROPFIND"] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        assert_eq!(answer(app.request(method.clone(), "/health")).await.status, 405, "{method}");
        assert_eq!(answer(app.request(method, "/nowhere")).await.status, 404);
    }
    let all = |inbox: &Inbox| inbox.transactions().len() == 8 && inbox.metrics().len() >= 16;
    app.inbox.wait_until("transactions and metrics", all).await.unwrap();
    for transaction in app.inbox.transactions() {
        let name = transaction["transaction"].as_str().unwrap();
        assert!(["_OTHER /health", "_OTHER <none>"].contains(&name), "{name}");
        assert_eq!(transaction["contexts"]["trace"]["data"]["http.request.method"], "_OTHER");
    }
    for (_, metrics) in items(&app, "trace_metric") {
        let text = metrics.to_string();
        assert!(!["BREW", "\"get\"", "X1", "PROPFIND"].iter().any(|method| text.contains(method)), "{text}");
    }
}
