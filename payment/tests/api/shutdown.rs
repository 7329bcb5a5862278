//! The end of a process whose workers are blocked.

use std::thread;
use std::time::{Duration, Instant};

use fixtures::common::binary::{copies_to, in_trouble};
use fixtures::folder::Folder;
use fixtures::service::Service;
use fixtures::wait::until;
use inbox::{Inbox, Options};
use sentry_context::process::{DELIVERY, GRACE};
use tokio::task::spawn_local;

use crate::helpers::{answer, http};

/// What a machine under load may add.
const SLACK: Duration = Duration::from_secs(5);

/// A spool of this test's own, gone at its end.
struct Spool(Folder);

impl Spool {
    fn new(name: &str) -> Self {
        Self(Folder::new(&format!("payment-{name}")))
    }

    fn start(&self, inbox: &Inbox, more: &[(&str, &str)]) -> Service {
        let (dsn, spool) = (inbox.dsn(), self.0.text());
        let usual = [("SENTRY_DSN", dsn.as_str()), ("SENTRY_SPOOL_DIR", spool)];
        Service::start(env!("CARGO_BIN_EXE_payment"), &[&usual, more].concat())
    }
}

/// A service with ten errors that its Sentry has not taken, and every worker blocked for half a minute.
async fn blocked(spool: &Spool) -> Service {
    let inbox = Inbox::start_with(Options { answer: in_trouble(), ..Options::default() }).await.unwrap();
    let encoded = Inbox::start().await.unwrap();
    let service = spool.start(&inbox, &[("SENTRY_SPOTLIGHT", &copies_to(&encoded))]);
    for _ in 0..10 {
        let failed = answer(http().get(format!("{}/debug/type-error", service.url()))).await;
        assert_eq!(failed.status, 500);
    }
    encoded.wait_until("ten encoded errors", |inbox| inbox.events().len() >= 10).await.unwrap();
    let url = service.url().to_owned();
    for _ in 0..8 {
        // Connections of their own, so that each worker gets some; nobody waits for their answers.
        drop(spawn_local(http().get(format!("{url}/debug/event-loop-block?seconds=30")).send()));
    }
    // Once all are blocked, nobody answers.
    let silent = async || {
        let health = http().get(format!("{url}/health")).timeout(Duration::from_millis(500));
        health.send().await.is_err()
    };
    until("all workers are blocked", silent).await;
    service
}

async fn delivers_ten_at_the_next_start(spool: &Spool) {
    let inbox = Inbox::start().await.unwrap();
    let mut service = spool.start(&inbox, &[]);
    let failed = |inbox: &Inbox| {
        let events = inbox.events();
        events.iter().filter(|event| event["transaction"] == "GET /debug/type-error").count() == 10
    };
    inbox.wait_until("the errors", failed).await.unwrap();
    assert_eq!(service.terminate(), Some(0));
    let killed = |event: &serde_json::Value| event["exception"]["values"][0]["type"] == "ProcessKilled";
    assert!(!inbox.events().iter().any(killed), "its end was in order");
}

#[actix_web::test]
async fn sigterm_ends_a_process_with_blocked_workers_in_time_and_keeps_its_errors() {
    let spool = Spool::new("blocked");
    let mut service = blocked(&spool).await;
    let began = Instant::now();
    assert_eq!(service.terminate(), Some(0));
    assert!(began.elapsed() < GRACE + DELIVERY + SLACK, "{:?}", began.elapsed());
    assert!(service.log().contains("requests in flight are cut off"));
    delivers_ten_at_the_next_start(&spool).await;
}

#[actix_web::test]
async fn a_second_sigterm_ends_it_sooner_and_keeps_its_errors_too() {
    let (spool, other) = (Spool::new("hurried"), Spool::new("patient"));
    let (mut hurried, mut patient) = tokio::join!(blocked(&spool), blocked(&other));
    // On a machine of any speed, it ends before one that was asked once.
    let patient = thread::spawn(move || {
        assert_eq!(patient.terminate(), Some(0));
        Instant::now()
    });
    hurried.signal("TERM");
    // Two signals that come together are one.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(hurried.terminate(), Some(0));
    let end = Instant::now();
    assert!(end < patient.join().unwrap());
    delivers_ten_at_the_next_start(&spool).await;
}
