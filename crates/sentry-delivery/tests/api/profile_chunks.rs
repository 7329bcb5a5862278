//! Profile chunks: last in line, first to be discarded.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use inbox::{Answer, Inbox, Options};
use sentry::protocol::{SessionAttributes, SessionStatus, SessionUpdate, Uuid};
use sentry::{Envelope, Hub, TransactionContext};
use sentry_delivery::{Delivery, ProfileChunks};
use serde_json::{Value, json};

use crate::helpers::{
    App, close, close_in_time, error, errors, hub_with_profiles, status, transaction, with_header,
};

/// More than half of the sessions' queue.
const CROWD: u64 = 600;

async fn app(answer: Answer) -> (App, ProfileChunks) {
    app_with(Delivery::default(), answer).await
}

async fn app_with(delivery: Delivery, answer: Answer) -> (App, ProfileChunks) {
    let inbox = Inbox::start_with(Options { answer, keep_raw: true, ..Options::default() }).await.unwrap();
    let (hub, profile_chunks) = hub_with_profiles(&inbox.dsn(), delivery);
    (App { hub, inbox }, profile_chunks)
}

/// A chunk that Sentry takes: one thread with one function.
fn chunk(function: &str) -> Vec<u8> {
    let sample = |timestamp: f64| json!({ "timestamp": timestamp, "stack_id": 0, "thread_id": "1" });
    let id = || Uuid::new_v4().simple().to_string();
    let chunk = json!({
        "version": "2", "platform": "rust", "chunk_id": id(), "profiler_id": id(),
        "client_sdk": { "name": "sentry.rust", "version": "1" }, "release": "shop@test",
        "profile": {
            "samples": [sample(1_700_000_000.0), sample(1_700_000_000.01)], "stacks": [[0]],
            "frames": [{ "function": function }], "thread_metadata": { "1": { "name": "main" } },
        },
    });
    chunk.to_string().into_bytes()
}

fn counted(reason: &str, quantity: u64) -> Vec<(String, u64)> {
    vec![(reason.to_owned(), quantity)]
}

/// Header, item header and payload of the first envelope with a chunk.
fn received_chunk(inbox: &Inbox) -> [Value; 3] {
    let bytes = inbox.received_bytes();
    let lines =
        |envelope: &[u8]| String::from_utf8_lossy(envelope).lines().map(str::to_owned).collect::<Vec<_>>();
    let all: Vec<_> = bytes.iter().map(|envelope| lines(envelope)).collect();
    let chunk = all.iter().find(|lines| lines[1].contains("profile_chunk")).unwrap();
    assert_eq!(chunk.len(), 3, "one item in an envelope: {chunk:?}");
    [0, 1, 2].map(|line| serde_json::from_str(&chunk[line]).unwrap())
}

#[actix_web::test]
async fn a_receiver_sees_the_header_and_the_payload_of_a_chunk() {
    // One below the size from which bodies are compressed, and one far beyond.
    for length in [10, 1_000_000] {
        let (app, profile_chunks) = app(Answer::default()).await;
        let written = chunk(&"f".repeat(length));
        let payload: Value = serde_json::from_slice(&written).unwrap();
        let bytes = written.len();
        profile_chunks.send(written);
        assert!(close(&app.hub).await);
        let [header, item, received] = received_chunk(&app.inbox);
        assert!(header["sent_at"].is_string() && header["sdk"]["name"] == "sentry.rust", "{header}");
        assert_eq!(item, json!({ "type": "profile_chunk", "platform": "rust", "length": bytes }));
        assert_eq!(received, payload);
    }
}

#[actix_web::test]
async fn a_limit_on_profile_chunks_discards_and_counts_them_and_nothing_else() {
    let (app, profile_chunks) = app(with_header(200, "X-Sentry-Rate-Limits", "3600:profile_chunk:key")).await;
    error(&app.hub, "brings the limit");
    app.flush().await;
    (0..3).for_each(|_| profile_chunks.send(chunk("f")));
    errors(&app.hub, 2);
    transaction(&app.hub);
    assert!(close(&app.hub).await);
    assert_eq!((app.items("event"), app.items("transaction"), app.items("profile_chunk")), (3, 1, 0));
    assert_eq!(app.discarded("profile_chunk"), counted("ratelimit_backoff", 3));
}

#[actix_web::test]
async fn a_short_limit_on_profile_chunks_is_waited_for() {
    let (app, profile_chunks) = app(with_header(200, "X-Sentry-Rate-Limits", "1:profile_chunk:key")).await;
    error(&app.hub, "brings the limit");
    app.flush().await;
    app.inbox.set_answer(Answer::default());
    profile_chunks.send(chunk("f"));
    app.inbox.wait_until("the chunk", |_| app.items("profile_chunk") == 1).await.unwrap();
    assert!(close(&app.hub).await);
    assert_eq!(app.discarded("profile_chunk"), []);
}

#[actix_web::test]
async fn a_crowded_queue_drops_the_chunks_that_wait_and_new_ones_and_nothing_else() {
    let limit = |limits: &str| with_header(200, "X-Sentry-Rate-Limits", limits);
    let (app, profile_chunks) = app(limit("25:session;profile_chunk:key")).await;
    error(&app.hub, "brings the limit");
    app.flush().await;
    (0..3).for_each(|_| profile_chunks.send(chunk("f")));
    (0..CROWD).for_each(|_| session(&app.hub));
    (0..2).for_each(|_| profile_chunks.send(chunk("f")));
    // Each answer begins the limit anew.
    while app.discarded("profile_chunk") != counted("backpressure", 5) {
        error(&app.hub, "keeps the limit up");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    app.inbox.set_answer(limit("0:session;profile_chunk:key"));
    error(&app.hub, "lifts the limit");
    assert!(close(&app.hub).await);
    assert_eq!((app.items("session"), app.items("profile_chunk")), (CROWD, 0));
    assert_eq!((app.discarded("session"), app.discarded("error")), (vec![], vec![]));
}

fn session(hub: &Hub) {
    let mut envelope = Envelope::new();
    envelope.add_item(SessionUpdate {
        session_id: Uuid::new_v4(),
        distinct_id: None,
        sequence: None,
        timestamp: None,
        started: SystemTime::now(),
        init: true,
        duration: None,
        status: SessionStatus::Exited,
        errors: 0,
        attributes: SessionAttributes {
            release: "shop@test".into(),
            environment: None,
            ip_address: None,
            user_agent: None,
        },
    });
    hub.client().unwrap().send_envelope(envelope);
}

#[actix_web::test]
async fn chunks_that_are_left_at_the_end_are_counted_and_not_spooled() {
    let folder = std::env::temp_dir().join(format!("profile-chunks-{}", Uuid::new_v4()));
    let delivery = || Delivery { spool: Some(folder.clone()), ..Delivery::default() };
    let (first, profile_chunks) = app_with(delivery(), status(503)).await;
    (0..2).for_each(|_| profile_chunks.send(chunk("f")));
    error(&first.hub, "is spooled");
    assert!(!close_in_time(&first.hub).await, "something is discarded");
    drop(first);
    let (next, _) = app_with(delivery(), Answer::default()).await;
    next.wait_for_events(1).await;
    assert!(close(&next.hub).await);
    assert_eq!((next.items("event"), next.items("profile_chunk")), (1, 0));
    assert_eq!(next.discarded("profile_chunk"), counted("network_error", 2));
    std::fs::remove_dir_all(folder).unwrap();
}

#[actix_web::test]
async fn a_chunk_takes_no_client_report_of_the_sdk_with_it() {
    let (app, profile_chunks) = app(Answer::default()).await;
    let headers = [("sentry-trace", "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0")];
    let context = TransactionContext::continue_from_headers("GET /", "http.server", headers);
    let unsampled = app.hub.start_transaction(context);
    Hub::run(Arc::clone(&app.hub), || unsampled.finish());
    profile_chunks.send(chunk("f"));
    assert!(close(&app.hub).await);
    assert_eq!(app.items("profile_chunk"), 1);
    assert_eq!(app.discarded("transaction"), counted("sample_rate", 1));
}

#[actix_web::test]
async fn a_chunk_without_a_client_is_dropped() {
    ProfileChunks::default().send(chunk("f"));
    let (app, profile_chunks) = app(Answer::default()).await;
    assert!(close(&app.hub).await);
    drop(app.hub);
    profile_chunks.send(chunk("f"));
    assert_eq!(app.inbox.stats().items.get("profile_chunk"), None);
}

#[actix_web::test]
async fn chunks_beyond_their_own_room_are_discarded_and_counted() {
    let (app, profile_chunks) = app(status(503)).await;
    (0..1_010).for_each(|_| profile_chunks.send(chunk("f")));
    app.inbox.set_answer(Answer::default());
    assert!(close(&app.hub).await);
    assert_eq!(app.discarded("profile_chunk"), counted("queue_overflow", 10));
    assert_eq!(app.items("profile_chunk"), 1_000);
}
