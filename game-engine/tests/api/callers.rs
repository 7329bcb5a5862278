//! Who asked, from where, and what for.

use reqwest::Method;
use reqwest::header::HeaderValue;
use serde_json::Value;

use crate::helpers::{App, answer, spawn_app};
use crate::raw::send;

/// The event of a failing request with those headers.
async fn event_with(app: &App, headers: &[(&'static str, &[u8])]) -> Value {
    let request = app.request(Method::GET, "/debug/error/zero");
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(*name, HeaderValue::from_bytes(value).unwrap())
    });
    let failed = answer(request).await;
    app.event_of(&failed).await
}

#[actix_web::test]
async fn the_user_of_a_body_is_on_the_transaction_also_where_the_body_is_refused() {
    let app = spawn_app().await;
    for (body, status) in [(r#"{"userId":"zoë","bet":5}"#, 200), (r#"{"userId":"zoë","bet":-5}"#, 400)] {
        assert_eq!(app.post("/calculate", body).await.status, status);
    }
    let both = |inbox: &inbox::Inbox| inbox.transactions().len() == 2;
    app.inbox.wait_until("both transactions", both).await.unwrap();
    assert!(
        app.inbox.transactions().iter().all(|it| it["user"]["id"] == "zoë"),
        "{:?}",
        app.inbox.transactions()
    );
}

#[actix_web::test]
async fn the_header_counts_more_than_the_body_and_nobody_is_anonymous_without_reason() {
    let app = spawn_app().await;
    let request = app.request(Method::POST, "/calculate").header("X-User-Id", "alice");
    answer(request.body(r#"{"userId":"bob","bet":5}"#)).await;
    assert_eq!(app.transaction("POST /calculate").await["user"]["id"], "alice");
    app.get("/health").await;
    assert_eq!(app.transaction("GET /health").await["user"]["id"], "anonymous");
}

#[actix_web::test]
async fn an_id_in_utf8_survives_and_a_far_too_long_one_is_none() {
    let app = spawn_app().await;
    let long = "é".repeat(3_000);
    for (header, id) in [
        ("zoë 🍒".as_bytes(), "zoë 🍒".to_owned()),
        (b"zo%C3%AB%20%F0%9F%8D%92", "zoë 🍒".to_owned()),
        (b"\xff", "anonymous".to_owned()),
        (long.as_bytes(), "anonymous".to_owned()),
    ] {
        assert_eq!(event_with(&app, &[("X-User-Id", header)]).await["user"]["id"], id);
    }
}

#[actix_web::test]
async fn the_address_is_the_first_public_one_that_a_proxy_names_or_absent() {
    let app = spawn_app().await;
    for (name, header, address) in [
        ("X-Forwarded-For", "8.8.8.8:4711, 10.0.0.1", Some("8.8.8.8")),
        ("X-Forwarded-For", "unknown, [2a00::1]:1", Some("2a00::1")),
        ("Forwarded", "for=\"[2a00::1]:4711\";proto=https, for=1.1.1.1", Some("2a00::1")),
        ("X-Real-IP", "8.8.4.4", Some("8.8.4.4")),
        ("X-Forwarded-For", "unknown", None),
        ("X-Forwarded-For", "192.168.0.1", None),
        ("X-Other", "8.8.8.8", Some("127.0.0.1")),
    ] {
        let event = event_with(&app, &[(name, header.as_bytes())]).await;
        assert_eq!(event["user"]["ip_address"].as_str(), address, "{name}: {header}");
        assert_eq!(event["contexts"]["request"]["clientIP"].as_str(), address, "{name}: {header}");
    }
}

#[actix_web::test]
async fn the_url_of_a_request_is_right_however_its_target_and_host_are_written() {
    let app = spawn_app().await;
    let own = format!("{}/debug/error/zero?n=", app.url);
    for (number, (target, host, expected)) in [
        ("http://shop.example:81", "Host: a", "http://shop.example:81/debug/error/zero?n="),
        ("http://u:pw@shop.example", "Host: a", "http://shop.example/debug/error/zero?n="),
        ("", "Host:", own.as_str()),
        ("", "Host: /", own.as_str()),
        ("", "X-None: a", own.as_str()),
        ("", "Host: shop.example", "http://shop.example/debug/error/zero?n="),
        ("", "Host: a\r\nX-Forwarded-Host: /", "http://a/debug/error/zero?n="),
    ]
    .into_iter()
    .enumerate()
    {
        let version = if host.starts_with("X-None") { "1.0" } else { "1.1" };
        let request = format!(
            "GET {target}/debug/error/zero?n={number} HTTP/{version}\r\n{host}\r\nConnection: close\r\n\r\n"
        );
        let (head, body) = send(&app, request.as_bytes()).await;
        assert!(head.contains(" 500 "), "{host}: {head}");
        let id = serde_json::from_slice::<Value>(&body).unwrap()["event_id"].clone();
        let event = app.event("the failure", |event| event["event_id"] == id).await;
        assert_eq!(event["request"]["url"], format!("{expected}{number}"), "{target} {host}");
    }
}
