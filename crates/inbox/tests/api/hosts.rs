//! Pages of others can neither read nor clear what is held; clients of any origin can send.

use inbox::{AllowedHosts, Options};
use reqwest::{Method, RequestBuilder};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::helpers::{App, answer, message, spawn_app, spawn_app_with};

const READ: [&str; 10] = [
    "/api/issues",
    "/api/events",
    "/api/stats",
    "/api/attachments/1",
    "/api/envelopes/1/raw",
    "/api/traces/1",
    "/api/charts",
    "/stream",
    "/",
    "/page.js",
];

async fn status(request: RequestBuilder) -> u16 {
    request.send().await.unwrap().status().as_u16()
}

async fn with_host(app: &App, host: &str, path: &str) -> u16 {
    status(app.request(Method::GET, path).header("Host", host)).await
}

#[actix_web::test]
async fn a_foreign_host_reads_nothing_and_clears_nothing() {
    let app = spawn_app().await;
    app.event(json!({ "message": "secret" })).await;
    for host in [
        "evil.example",
        "evil.example:9000",
        "localhost.evil.example",
        "localhost@evil.example",
        "127.0.0.1.evil",
    ] {
        for path in READ {
            assert_eq!(with_host(&app, host, path).await, 403, "{host} {path}");
        }
        let clear = app.request(Method::DELETE, "/api/issues").header("Host", host);
        let refused = answer(clear).await;
        assert_eq!((refused.status, &refused.body["type"]), (403, &json!("Forbidden")), "{host}");
    }
    assert_eq!(app.inbox.events().len(), 1);
}

#[actix_web::test]
async fn addresses_and_localhost_are_known_with_any_port() {
    let app = spawn_app().await;
    for host in [
        "localhost",
        "LOCALHOST:1234",
        "localhost.",
        "127.0.0.1:9000",
        "[::1]:9000",
        "10.1.2.3",
        "0.0.0.0:9000",
    ] {
        assert_eq!(with_host(&app, host, "/api/stats").await, 200, "{host}");
    }
}

#[actix_web::test]
async fn further_names_are_those_that_are_configured() {
    let allowed_hosts: AllowedHosts = "inbox, Sentry.internal".parse().unwrap();
    let app = spawn_app_with(Options { allowed_hosts, ..Options::default() }).await;
    for (host, expected) in
        [("inbox:9000", 200), ("sentry.INTERNAL", 200), ("localhost", 200), ("other", 403), ("a.inbox", 403)]
    {
        assert_eq!(with_host(&app, host, "/api/stats").await, expected, "{host}");
    }
    assert!("a b".parse::<AllowedHosts>().is_err());
}

#[actix_web::test]
async fn every_way_to_name_a_host_must_name_a_known_one() {
    let app = spawn_app().await;
    for head in [
        "GET http://evil.example/api/stats HTTP/1.1\r\nHost: localhost",
        "GET /api/stats HTTP/1.1\r\nHost: localhost\r\nHost: evil.example",
        "GET /api/stats HTTP/1.1\r\nHost:",
        "GET /api/stats HTTP/1.0",
    ] {
        let mut connection = TcpStream::connect(app.inbox.addr()).await.unwrap();
        connection.write_all(format!("{head}\r\nConnection: close\r\n\r\n").as_bytes()).await.unwrap();
        let mut said = String::new();
        connection.read_to_string(&mut said).await.unwrap();
        assert!(said.starts_with("HTTP/1.1 4") || said.starts_with("HTTP/1.0 4"), "{head}: {said}");
    }
}

#[actix_web::test]
async fn a_foreign_origin_reads_nothing_and_clears_nothing() {
    let app = spawn_app().await;
    app.event(json!({ "message": "it" })).await;
    let other_port = "http://127.0.0.1:1";
    for origin in ["http://evil.example", "null", other_port, "file://", "http://localhost"] {
        for (method, path) in [(Method::GET, "/api/events"), (Method::DELETE, "/api/issues")] {
            let request = app.request(method, path).header("Origin", origin);
            assert_eq!(status(request).await, 403, "{origin} {path}");
        }
    }
    for site in ["cross-site", "same-site"] {
        let clear = app.request(Method::DELETE, "/api/issues");
        assert_eq!(status(clear.header("Sec-Fetch-Site", site)).await, 403, "{site}");
        let navigating = app.request(Method::DELETE, "/api/issues").header("Sec-Fetch-Mode", "navigate");
        assert_eq!(status(navigating.header("Sec-Fetch-Site", site)).await, 403, "{site}");
        let read = app.request(Method::GET, "/api/events");
        assert_eq!(status(read.header("Sec-Fetch-Site", site)).await, 403, "{site}");
    }
    assert_eq!(app.inbox.events().len(), 1);
}

#[actix_web::test]
async fn links_of_other_pages_lead_to_the_page_and_the_page_itself_may_clear() {
    let app = spawn_app().await;
    let link = app.request(Method::GET, "/issues/1").header("Sec-Fetch-Site", "cross-site");
    let link = link.header("Accept", "text/html").header("Sec-Fetch-Mode", "navigate");
    assert_eq!(status(link).await, 200);
    let own = app.request(Method::DELETE, "/api/issues").header("Origin", app.inbox.url());
    assert_eq!(status(own.header("Sec-Fetch-Site", "same-origin")).await, 204);
}

#[actix_web::test]
async fn envelopes_and_the_question_for_health_come_from_anywhere() {
    let app = spawn_app().await;
    let send = app.request(Method::POST, "/api/1/envelope/").header("Host", "any.example");
    let send = send.header("Origin", "https://shop.example").header("Sec-Fetch-Site", "cross-site");
    assert_eq!(status(send.body(message("from a browser"))).await, 200);
    assert_eq!(with_host(&app, "any.example", "/health").await, 200);
}
