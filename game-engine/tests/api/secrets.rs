//! What lies on disk and in the log holds no secret: envelopes that wait for Sentry, and the record of a process that a
//! signal ends while it serves.

use std::io::Write;
use std::net::TcpStream;

use fixtures::common::binary::in_trouble;
use fixtures::secrets::{self, dressed};
use fixtures::service::Service;
use fixtures::wait::until;
use inbox::{Answer, Inbox, Options};
use serde_json::Value;

use crate::delivery::{BINARY, Spool};
use crate::helpers::{answer, http};

/// Paths that fail, each with one event.
const FAILING: [&str; 5] = [
    "/debug/error/value",
    "/debug/error/custom",
    "/debug/crash",
    "/debug/panic/panic-test",
    "/debug/threading-error",
];

#[actix_web::test]
async fn no_planted_secret_is_in_the_spool_or_the_record_of_a_crash_or_the_log() {
    for format in ["text", "json"] {
        keeps_every_secret(format).await;
    }
}

async fn keeps_every_secret(format: &str) {
    let spool = Spool::new(&format!("secrets-{format}"));
    let options = Options { keep_raw: true, answer: in_trouble(), ..Options::default() };
    let inbox = Inbox::start_with(options).await.unwrap();
    let dsn = inbox.dsn();
    let folder = spool.path().to_str().unwrap().to_owned();
    let start = || {
        let own = [("SENTRY_DSN", dsn.as_str()), ("SENTRY_SPOOL_DIR", &folder), ("LOG_FORMAT", format)];
        let environment: Vec<_> = secrets::environment().into_iter().chain(own).collect();
        Service::start(BINARY, &environment)
    };
    let mut service = start();
    for path in FAILING {
        assert!(
            answer(dressed(http().get(format!("{}{path}", service.url())))).await.status >= 200,
            "{path}"
        );
    }
    let address = service.url().trim_start_matches("http://").to_owned();
    for request in secrets::raw_requests("/debug/error/value") {
        assert!(secrets::exchange(&address, &request).starts_with("HTTP/1.1 "), "{format}");
    }
    // Two of the three fail.
    let wanted = FAILING.len() + 2;
    let spooled = async || secrets::files(spool.path()).matches(r#""exception":"#).count() >= wanted;
    until("the errors are spooled", spooled).await;
    let mut in_flight = TcpStream::connect(&address).unwrap();
    in_flight.write_all(&long_request()).unwrap();
    // Whoever answers this has read the other before.
    assert_eq!(answer(http().get(format!("{}/health", service.url()))).await.status, 200);
    let died = service.end_by("SEGV");
    assert_eq!(died.code(), None, "a signal has to end it");

    let (files, log) = (secrets::files(spool.path()), service.log());
    assert!(files.contains("game-engine.0.run") && files.contains("[Filtered]"), "{files}");
    secrets::assert_none("the disk", &files);
    secrets::assert_none("the log", &log);
    assert!(log.contains("DEBUG"), "it was to log much");

    inbox.set_answer(Answer::default());
    let mut next = start();
    let is_crash = |event: &Value| event["exception"]["values"][0]["type"] == "SIGSEGV";
    let all = |inbox: &Inbox| inbox.events().len() > wanted && inbox.events().iter().any(is_crash);
    inbox.wait_until("all that lay on disk", all).await.unwrap();
    assert_eq!(next.terminate(), Some(0));
    secrets::assert_none("Sentry", &String::from_utf8_lossy(&inbox.received_bytes().concat()));
    secrets::assert_none("the log of the next start", &next.log());
}

/// It takes 30 s, and holds secrets in path, query and headers.
fn long_request() -> Vec<u8> {
    let token = secrets::TOKEN;
    format!(
        "GET /debug/infinite-loop?seconds=30&password=planted-f1 HTTP/1.1\r\nHost: u:planted-f2@host\r\n\
         Authorization: Bearer {token}\r\nX-Api-Key: planted-f3\r\nCookie: a=planted-f4\r\n\r\n"
    )
    .into_bytes()
}
