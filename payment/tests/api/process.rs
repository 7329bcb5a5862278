//! The binary itself: how it refuses to start, and how it ends.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Output, Stdio};

use inbox::Inbox;

use crate::helpers::http;

fn binary(environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_payment"));
    command.env_clear().env("PORT", "0").envs(environment.iter().copied()).stderr(Stdio::piped());
    command
}

fn refusal(environment: &[(&str, &str)]) -> String {
    let Output { status, stderr, .. } = binary(environment).output().unwrap();
    let told = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(2), "{environment:?}: {told}");
    assert_eq!(told.lines().count(), 1, "{environment:?}: {told}");
    told
}

#[test]
fn a_bad_setting_stops_the_start_with_one_line_that_names_it() {
    for (name, value) in [
        ("PORT", "abc"),
        ("PORT", "65536"),
        ("HOST", "nowhere"),
        ("SENTRY_DSN", "not a dsn"),
        ("SENTRY_TRACES_SAMPLE_RATE", "1.5"),
        ("DEBUG_ENDPOINTS", "maybe"),
        ("MEMORY_LEAK_LIMIT_MB", "0"),
        ("MONGODB_URL", "postgres://127.0.0.1"),
        ("FINGERPRINT_RULES", "/no/such/file"),
    ] {
        let told = refusal(&[(name, value)]);
        assert!(told.contains(name) && told.contains(value), "{name}={value}: {told}");
    }
}

#[test]
fn a_bad_dsn_does_not_tell_its_key() {
    let told = refusal(&[("SENTRY_DSN", "https://publickey:secretkey@sentry.example")]);
    assert!(!told.contains("publickey") && !told.contains("secretkey"), "{told}");
}

#[test]
fn a_bad_database_url_does_not_tell_its_password() {
    let told = refusal(&[("MONGODB_URL", "mongodb://teller:hunter2@127.0.0.1:notaport")]);
    assert!(told.contains("MONGODB_URL") && !told.contains("hunter2"), "{told}");
}

#[test]
fn a_taken_port_stops_the_start_with_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let told = refusal(&[("PORT", &port)]);
    assert!(told.contains(&port), "{told}");
}

/// Starts it, and reads where it listens from its log.
fn start(environment: &[(&str, &str)]) -> (Child, String) {
    let mut child = binary(environment).spawn().unwrap();
    let log = BufReader::new(child.stderr.take().unwrap());
    let mut lines = log.lines().map_while(Result::ok);
    let line = lines.find(|line| line.contains("listens")).expect("it never said where it listens");
    let address = line.rsplit("address=").next().unwrap().trim().to_owned();
    // Read on, or its log would block it one day.
    std::thread::spawn(move || lines.count());
    (child, format!("http://{address}"))
}

#[actix_web::test]
async fn sigterm_delivers_what_is_queued_and_ends_with_0() {
    let inbox = Inbox::start().await.unwrap();
    let (mut child, url) = start(&[("SENTRY_DSN", &inbox.dsn())]);
    let http = http();
    for _ in 0..50 {
        assert_eq!(http.get(format!("{url}/debug/crash")).send().await.unwrap().status(), 500);
    }
    let killed = Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(killed.success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(inbox.events().len(), 50);
}

#[actix_web::test]
async fn without_a_dsn_everything_works_and_nothing_is_sent() {
    let (mut child, url) = start(&[]);
    let response = http().get(format!("{url}/debug/type-error")).send().await.unwrap();
    assert_eq!(response.status(), 500);
    let body: serde_json::Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
    assert_eq!(body["type"], "TypeError");
    assert!(body.get("event_id").is_none(), "{body}");
    assert_eq!(http().get(format!("{url}/debug/crash")).send().await.unwrap().status(), 500);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[actix_web::test]
async fn a_failure_that_nobody_awaits_makes_its_session_a_crashed_one() {
    let inbox = Inbox::start().await.unwrap();
    let (mut child, url) = start(&[("SENTRY_DSN", &inbox.dsn())]);
    let answer = http().get(format!("{url}/debug/promise-rejection")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    inbox.wait_until("the failure", |inbox| inbox.events().len() == 1).await.unwrap();
    // Sessions are sent once a minute, and at the end.
    let killed = Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(killed.success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let sessions = inbox.sessions();
    assert_eq!((sessions[0].crashed, sessions[0].exited), (1, 0), "{sessions:?}");
}
