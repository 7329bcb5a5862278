//! The binary itself: how it refuses to start, and how it ends.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Output, Stdio};

use inbox::Inbox;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use crate::helpers::{Answer, answer, http};

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

/// The binary, serving. Dropped, it is killed.
pub(crate) struct Started {
    child: Child,
    url: String,
    http: Client,
    inbox: Option<Inbox>,
}

impl Started {
    /// Starts it, and reads where it listens from its log.
    fn with(environment: &[(&str, &str)]) -> Self {
        let mut child = binary(environment).spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let mut lines = log.lines().map_while(Result::ok);
        let line = lines.find(|line| line.contains("listens")).expect("it never said where it listens");
        let address = line.rsplit("address=").next().unwrap().trim().to_owned();
        // Read on, or its log would block it one day.
        std::thread::spawn(move || lines.count());
        Self { child, url: format!("http://{address}"), http: http(), inbox: None }
    }

    /// The same, sending to an inbox of its own.
    pub(crate) async fn with_inbox() -> Self {
        let inbox = Inbox::start().await.unwrap();
        let mut started = Self::with(&[("SENTRY_DSN", &inbox.dsn())]);
        started.inbox = Some(inbox);
        started
    }

    pub(crate) fn inbox(&self) -> &Inbox {
        self.inbox.as_ref().unwrap()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await
    }

    /// The event that the answer names.
    pub(crate) async fn event_of(&self, answer: &Answer) -> Value {
        let id = &answer.body["event_id"];
        let found = |inbox: &Inbox| inbox.events().into_iter().find(|event| event["event_id"] == *id);
        self.inbox().wait_until("the event", |inbox| found(inbox).is_some()).await.unwrap();
        found(self.inbox()).unwrap()
    }

    /// Sends SIGTERM and waits for the end; its exit status.
    fn terminated(&mut self) -> Option<i32> {
        let sent = Command::new("kill").arg(self.pid().to_string()).status().unwrap();
        assert!(sent.success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[actix_web::test]
async fn sigterm_delivers_what_is_queued_and_ends_with_0() {
    let mut started = Started::with_inbox().await;
    for _ in 0..50 {
        assert_eq!(started.get("/debug/crash").await.status, 500);
    }
    assert_eq!(started.terminated(), Some(0));
    assert_eq!(started.inbox().events().len(), 50);
}

#[actix_web::test]
async fn without_a_dsn_everything_works_and_nothing_is_sent() {
    let started = Started::with(&[]);
    let answer = started.get("/debug/type-error").await;
    assert_eq!((answer.status, &answer.body["type"]), (500, &json!("TypeError")));
    assert!(answer.body.get("event_id").is_none(), "{answer:?}");
    assert_eq!(started.get("/debug/crash").await.status, 500);
}

#[actix_web::test]
async fn a_failure_that_nobody_awaits_makes_its_session_a_crashed_one() {
    let mut started = Started::with_inbox().await;
    assert_eq!(started.get("/debug/promise-rejection").await.status, 200);
    started.inbox().wait_until("the failure", |inbox| inbox.events().len() == 1).await.unwrap();
    // Sessions are sent once a minute, and at the end.
    assert_eq!(started.terminated(), Some(0));
    let sessions = started.inbox().sessions();
    assert_eq!((sessions[0].crashed, sessions[0].exited), (1, 0), "{sessions:?}");
}
