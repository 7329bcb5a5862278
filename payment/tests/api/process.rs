//! The binary itself: how it refuses to start, and how it ends.

use std::net::TcpListener;
use std::process::{Command, Output, Stdio};

use fixtures::secrets::assert_bad_urls_are_refused;
use fixtures::service::Service;
use serde_json::json;

use crate::helpers::{answer, http, spawn_process};

const BINARY: &str = env!("CARGO_BIN_EXE_payment");

fn binary(environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(BINARY);
    command.env_clear().env("PORT", "0").envs(environment.iter().copied()).stderr(Stdio::piped());
    command
}

fn refusal(environment: &[(&str, &str)]) -> String {
    let Output { status, stderr, .. } = binary(environment).output().unwrap();
    let reported = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(2), "{environment:?}: {reported}");
    assert_eq!(reported.lines().count(), 1, "{environment:?}: {reported}");
    reported
}

#[test]
fn a_bad_setting_stops_the_start_with_one_line_that_names_it() {
    for (name, value) in [
        ("PORT", "abc"),
        ("PORT", "65536"),
        ("HOST", "nowhere"),
        ("SENTRY_TRACES_SAMPLE_RATE", "1.5"),
        ("DEBUG_ENDPOINTS", "maybe"),
        ("MEMORY_LEAK_LIMIT_MB", "0"),
        ("STALL_THRESHOLD_MS", "50"),
        ("MONGODB_URL", "postgres://127.0.0.1"),
        ("FINGERPRINT_RULES", "/no/such/file"),
    ] {
        let reported = refusal(&[(name, value)]);
        assert!(reported.contains(name) && reported.contains(value), "{name}={value}: {reported}");
    }
}

#[test]
fn a_bad_dsn_does_not_tell_its_key() {
    let reported = refusal(&[("SENTRY_DSN", "not a dsn")]);
    assert!(
        reported.contains("SENTRY_DSN=[hidden] is not valid: a DSN such as https://key@host/1"),
        "{reported}"
    );
    let reported = refusal(&[("SENTRY_DSN", "https://publickey:secretkey@sentry.example")]);
    assert!(!reported.contains("publickey") && !reported.contains("secretkey"), "{reported}");
}

#[test]
fn a_bad_url_is_refused_by_its_variable_without_a_part_of_its_secrets() {
    assert_bad_urls_are_refused(refusal);
}

#[test]
fn a_taken_port_stops_the_start_with_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let reported = refusal(&[("PORT", &port)]);
    assert!(reported.contains(&port), "{reported}");
}

#[actix_web::test]
async fn sigterm_delivers_what_is_queued_and_ends_with_0() {
    let mut app = spawn_process().await;
    // The first stack loads the symbols of a whole debug build, which may take longer than a shutdown.
    let first = app.get("/debug/crash").await;
    app.event_of(&first).await;
    for _ in 1..50 {
        assert_eq!(app.get("/debug/crash").await.status, 500);
    }
    assert_eq!(app.service.as_mut().unwrap().terminate(), Some(0));
    assert_eq!(app.inbox.events().len(), 50);
}

#[actix_web::test]
async fn without_a_dsn_everything_works_and_nothing_is_sent() {
    let service = Service::start(BINARY, &[]);
    let get = |path: &str| answer(http().get(format!("{}/debug/{path}", service.url())));
    let failed = get("type-error").await;
    assert_eq!((failed.status, &failed.body["type"]), (500, &json!("TypeError")));
    assert!(failed.body.get("event_id").is_none(), "{failed:?}");
    assert_eq!(get("crash").await.status, 500);
}

#[actix_web::test]
async fn a_failure_that_nobody_awaits_makes_its_session_a_crashed_one() {
    let mut app = spawn_process().await;
    assert_eq!(app.get("/debug/promise-rejection").await.status, 200);
    app.inbox.wait_until("the failure", |inbox| inbox.events().len() == 1).await.unwrap();
    // Sessions are sent once a minute, and at the end.
    assert_eq!(app.service.as_mut().unwrap().terminate(), Some(0));
    let sessions = app.inbox.sessions();
    assert_eq!((sessions[0].crashed, sessions[0].exited), (1, 0), "{sessions:?}");
}

#[actix_web::test]
async fn it_tells_of_its_own_health() {
    let service = Service::start(BINARY, &[]);
    let port = service.url().rsplit(':').next().unwrap();
    let healthy = binary(&[("PORT", port), ("HOST", "0.0.0.0")]).arg("healthcheck").output().unwrap();
    assert_eq!(healthy.status.code(), Some(0), "{healthy:?}");
}
