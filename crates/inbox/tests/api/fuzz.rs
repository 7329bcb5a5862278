//! Any body is answered: accepted, or refused with a reason.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

use inbox::Inbox;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

/// Where bodies are sent, and their content types.
const ENDPOINTS: [(&str, &str); 6] = [
    ("/api/1/envelope/", "application/x-sentry-envelope"),
    ("/api/1/store/", "application/json"),
    ("/api/1/security/", "application/csp-report"),
    ("/api/1/minidump/", "multipart/form-data; boundary=xyz"),
    ("/api/1/cron/job/key/", "application/json"),
    ("/stream", "application/x-sentry-envelope"),
];

const TYPES: [&str; 17] = [
    "event",
    "transaction",
    "span",
    "session",
    "sessions",
    "client_report",
    "log",
    "trace_metric",
    "attachment",
    "feedback",
    "user_report",
    "check_in",
    "replay_event",
    "replay_recording",
    "profile_chunk",
    "statsd",
    "other",
];

/// Envelopes as clients send them, and what else comes to the other endpoints.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let payload = select(vec![
        json!({ "message": "it", "level": 40, "tags": [["a", "b"], null], "fingerprint": ["{{ default }}"] }),
        json!({ "exception": { "values": [{ "type": "E", "stacktrace": { "frames": [{ "function": "f" }] } }] } }),
        json!({ "transaction": "GET /", "start_timestamp": 1, "timestamp": "2026-11-23T18:44:44Z", "spans": [{}],
            "contexts": { "trace": { "trace_id": "t", "span_id": "s" } } }),
        json!({ "items": [{ "trace_id": "t", "span_id": "s", "name": "m", "value": 1, "body": "b" }] }),
        json!({ "sid": "s", "status": "crashed", "attrs": { "release": "a@1" }, "aggregates": [{ "exited": 1 }] }),
        json!({ "discarded_events": [{ "reason": "r", "category": "c", "quantity": 1 }] }),
        json!({ "monitor_slug": "job", "status": "ok", "comments": "c", "replay_id": "r", "csp-report": {} }),
        json!([7, null, "text"]),
    ]);
    let item = (select(TYPES.to_vec()), payload, any::<bool>());
    let envelope = vec(item, 0..4).prop_map(|items| {
        let mut envelope = "{}".to_owned();
        for (ty, payload, with_length) in items {
            let payload = payload.to_string();
            let length = with_length.then_some(payload.len());
            envelope += &format!("\n{}\n{payload}", json!({ "type": ty, "length": length }));
        }
        envelope.into_bytes()
    });
    let form = "--xyz\r\nContent-Disposition: form-data; name=\"upload_file_minidump\"; filename=\"a\"\r\n\r\nMDMP\r\n--xyz--";
    let alone =
        select(vec![form.as_bytes().to_vec(), br#"{"message":"it"}"#.to_vec(), b"eJyrrgUAAXUA+Q==".to_vec()]);
    prop_oneof![4 => envelope, 1 => alone]
}

fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        vec(any::<u8>(), 0..6),
        select(vec!["\n", "{}", "\"", "\\ud83d", "1e999", "\r\n--xyz"])
            .prop_map(|text| text.as_bytes().to_vec())
    ];
    let change = (any::<Index>(), 0..12_usize, piece);
    (body(), vec(change, 0..5)).prop_map(|(mut body, changes)| {
        for (at, removed, piece) in changes {
            let at = at.index(body.len() + 1);
            let end = body.len().min(at + removed);
            drop(body.splice(at..end, piece));
        }
        body
    })
}

/// A connection that is used again and again.
struct Connection(BufReader<TcpStream>);

impl Connection {
    fn open(addr: SocketAddr) -> Self {
        let stream = TcpStream::connect(addr).unwrap();
        stream.set_read_timeout(Some(std::time::Duration::from_secs(60))).unwrap();
        Self(BufReader::new(stream))
    }

    /// The status and the body of the answer.
    fn post(&mut self, (path, ty): (&str, &str), body: &[u8]) -> std::io::Result<(u16, Vec<u8>)> {
        let length = body.len();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {ty}\r\nContent-Length: {length}\r\n\r\n"
        );
        self.0.get_mut().write_all(&[head.as_bytes(), body].concat())?;
        let (mut status, mut length, mut line) = (0, 0, String::new());
        while line != "\r\n" {
            line.clear();
            if self.0.read_line(&mut line)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            if let Some(rest) = line.strip_prefix("HTTP/1.1 ") {
                status = rest[..3].parse().unwrap();
            } else if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut answer = vec![0; length];
        self.0.read_exact(&mut answer)?;
        Ok((status, answer))
    }
}

#[actix_web::test]
async fn fuzz_any_body_is_answered_and_kept_or_refused_with_a_reason() {
    let inbox = Inbox::start().await.unwrap();
    let mut connection = Connection::open(inbox.addr());
    let mut sent = 0;
    let case = (select(ENDPOINTS.to_vec()), mutated());
    let connection = std::cell::RefCell::new(&mut connection);
    let counted = std::cell::RefCell::new(&mut sent);
    let outcome = TestRunner::new(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })
        .run(&case, |(endpoint, body)| {
            **counted.borrow_mut() += 1;
            let answer = connection.borrow_mut().post(endpoint, &body);
            let (status, answer) =
                answer.map_err(|error| TestCaseError::fail(format!("no answer: {error}")))?;
            let answer: Value =
                serde_json::from_slice(&answer).map_err(|_| TestCaseError::fail("no JSON"))?;
            let fine = status == 200 && answer.get("id").is_some();
            let refused =
                [400, 413].contains(&status) && answer["error"].as_str().is_some_and(|it| !it.is_empty());
            prop_assert!(fine || refused, "{status} {answer}");
            Ok(())
        });
    assert!(outcome.is_ok(), "{outcome:?}");
    let stats = inbox.stats();
    assert_eq!(stats.envelopes + stats.rejected, sent, "each was counted");
    // What was taken can be shown.
    for path in [
        "issues",
        "events",
        "transactions",
        "traces",
        "traces/t",
        "logs",
        "metrics",
        "metrics/names",
        "charts",
        "sessions",
        "feedback",
        "monitors",
        "replays",
        "attachments",
        "envelopes",
        "client-reports",
        "refusals",
        "stats",
    ] {
        let answer = crate::helpers::http().get(format!("{}/api/{path}", inbox.url())).send().await.unwrap();
        assert!(answer.status() == 200 || path == "traces/t", "{path}: {answer:?}");
        assert!(answer.json::<Value>().await.is_ok(), "{path}");
    }
}
