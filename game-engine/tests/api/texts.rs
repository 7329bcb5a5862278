//! Texts from callers that are long, costly to look at, or hold control characters: events stay small, logs stay lines.

use fixtures::log::broken_lines;
use fixtures::secrets::exchange;
use fixtures::service::Service;
use inbox::Inbox;
use serde_json::{Value, json};

use crate::delivery::BINARY;
use crate::helpers::{App, answer};

/// Bytes of an event: 180,000, and its fixed parts.
const EVENT: usize = 200_000;

/// Bytes of a line of the log: 8,192, and its fixed parts.
const LINE: usize = 9_000;

async fn spawn(format: &str) -> App {
    let inbox = Inbox::start().await.unwrap();
    let environment =
        [("SENTRY_DSN", inbox.dsn()), ("LOG_FORMAT", format.to_owned()), ("RUST_LOG", "debug".to_owned())];
    let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
    App::of(Service::start(BINARY, &environment), inbox)
}

/// Asks for an error, with this in the head.
fn request(path: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: host\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n{headers}\r\n{body}"
    )
    .into_bytes()
}

#[actix_web::test]
async fn after_a_long_text_that_is_costly_to_look_at_the_next_error_arrives_and_both_are_small() {
    for format in ["text", "json"] {
        let mut app = spawn(format).await;
        let address = app.url.trim_start_matches("http://").to_owned();
        for unit in ["a:", "\\\"", "://", "eyJ", "4111 ", "%25"] {
            let costly = format!("token {}", unit.repeat(32_000 / unit.len()));
            let long = format!(
                "GET /debug/error/value HTTP/1.1\r\nHost: host\r\nConnection: close\r\nX-A: {costly}\r\n\r\n"
            );
            let answered = exchange(&address, long.as_bytes());
            assert!(answered.starts_with("HTTP/1.1 500 "), "{unit}: {answered}");
        }
        let body = json!({ "userId": "a".repeat(40_000), "bet": "token a:".repeat(4_000) }).to_string();
        exchange(&address, &request("/calculate", "", &body));
        let next = app.get("/debug/error/key").await;
        let event = app.event_of(&next).await;
        assert_eq!(event["exception"]["values"][0]["type"], "KeyError");
        assert_eq!(app.service.as_mut().unwrap().terminate(), Some(0));
        let events = app.inbox.events();
        assert!(events.len() >= 7, "{}", events.len());
        for sent in events.iter().chain(&app.inbox.transactions()) {
            assert!(sent.to_string().len() < EVENT, "{}", sent.to_string().len());
        }
        let log = app.service.as_mut().unwrap().log();
        for line in log.lines() {
            assert!(line.len() < LINE, "{}: {}", line.len(), &line[..200]);
        }
    }
}

/// What ends a line or moves a cursor: in UTF-8, percent-encoded, and as JSON writes it.
const CONTROLS: [char; 10] =
    ['\n', '\r', '\u{1b}', '\u{0}', '\u{7}', '\u{7f}', '\u{85}', '\u{9b}', '\u{2028}', '\u{202e}'];

#[actix_web::test]
async fn no_control_character_of_a_caller_is_in_a_line_of_the_log() {
    for format in ["text", "json"] {
        let mut app = spawn(format).await;
        let address = app.url.trim_start_matches("http://").to_owned();
        for character in CONTROLS {
            let mut bytes = [0; 4];
            let raw: &str = character.encode_utf8(&mut bytes);
            let encoded: String = raw.bytes().map(|byte| format!("%{byte:02X}")).collect();
            let in_json = Value::from(format!("a{raw}2026-01-01T00:00:00.000000Z ERROR forged")).to_string();
            // What the head may not hold is refused, and logged or not.
            for text in [raw, &encoded] {
                exchange(&address, &request(&format!("/debug/panic/panic-test?a={text}"), "", "{}"));
                exchange(&address, &request(&format!("/debug/panic/{text}/{encoded}"), "", "{}"));
                let get = |path: &str, headers: &str| {
                    format!("GET {path} HTTP/1.1\r\nHost: host\r\nConnection: close\r\n{headers}\r\n")
                        .into_bytes()
                };
                exchange(&address, &get(&format!("/debug/error/value?a={text}"), ""));
                exchange(&address, &get(&format!("/debug/error/{text}"), ""));
                let headers = format!(
                    "User-Agent: a{text}b\r\nX-User-Id: u{text}\r\nX-A: {text}\r\nX-Demo-Run: {text}\r\n"
                );
                exchange(&address, &get("/debug/crash", &headers));
                exchange(
                    &address,
                    &get("/debug/error/custom", &format!("baggage: a={text}\r\nsentry-trace: {text}\r\n")),
                );
            }
            let body = format!(r#"{{"userId":{in_json},"bet":{in_json},"{}":1}}"#, in_json.trim_matches('"'));
            exchange(&address, &request("/calculate", "", &body));
            exchange(&address, &request("/business-metrics", "", &format!(r#"{{"scenario":{in_json}}}"#)));
        }
        let last = answer(app.http.get(format!("{}/debug/error/key", app.url))).await;
        app.event_of(&last).await;
        assert_eq!(app.service.as_mut().unwrap().terminate(), Some(0));
        let log = app.service.as_mut().unwrap().log();
        assert!(log.lines().count() > 100, "it was to log much: {log}");
        let broken = broken_lines(&log, format);
        assert!(broken.is_empty(), "{format}: {:#?}", &broken[..broken.len().min(10)]);
    }
}
