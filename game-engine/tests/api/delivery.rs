//! The process and its Sentry: what it says of it, and what it keeps for its next start.

use std::path::PathBuf;

use fixtures::service::Service;
use inbox::{Answer, Inbox, Options};

use crate::helpers::{answer, http};

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_game-engine");

/// A spool of this test's own, gone at its end.
pub(crate) struct Spool(pub(crate) PathBuf);

impl Spool {
    pub(crate) fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("game-engine-{name}-{}", std::process::id())))
    }

    pub(crate) fn start(&self, inbox: &Inbox) -> Service {
        let spool = self.0.to_str().unwrap();
        Service::start(BINARY, &[("SENTRY_DSN", &inbox.dsn()), ("SENTRY_SPOOL_DIR", spool)])
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn in_trouble() -> Answer {
    Answer { status: 503, ..Answer::default() }
}

pub(crate) async fn errors(service: &Service, count: usize) {
    let http = http();
    for _ in 0..count {
        let failed = answer(http.get(format!("{}/debug/error/value", service.url()))).await;
        assert_eq!(failed.status, 500);
    }
}

#[actix_web::test]
async fn sigterm_amidst_errors_loses_none_of_them_and_sends_none_twice() {
    let (inbox, spool) = (Inbox::start().await.unwrap(), Spool::new("sigterm"));
    let mut service = spool.start(&inbox);
    errors(&service, 30).await;
    inbox.wait_until("some errors", |inbox| !inbox.events().is_empty()).await.unwrap();
    inbox.set_answer(in_trouble());
    errors(&service, 30).await;
    let status = service.terminate();
    let log = service.log();
    assert_eq!(status, Some(0), "{log}");

    let before = inbox.events().len();
    let line = log.lines().find(|line| line.contains("the last envelopes for Sentry")).expect(&log);
    // The sessions of all requests are one envelope more.
    assert!(
        line.contains("sent=") && line.contains(&format!("spooled={}", 60 - before + 1)),
        "{before}: {line}"
    );

    inbox.set_answer(Answer::default());
    let mut service = spool.start(&inbox);
    inbox.wait_until("the rest", |inbox| inbox.events().len() >= 60).await.unwrap();
    assert_eq!(service.terminate(), Some(0));
    let mut ids: Vec<_> = inbox.events().iter().map(|event| event["event_id"].to_string()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), inbox.events().len()), (60, 60));
}

#[actix_web::test]
async fn a_start_says_whether_sentry_answers_and_does_not_depend_on_it() {
    let log = |how: Answer| async move {
        let inbox = Inbox::start_with(Options { answer: how, ..Options::default() }).await.unwrap();
        let mut service = Service::start(BINARY, &[("SENTRY_DSN", &inbox.dsn())]);
        let asked = |inbox: &Inbox| inbox.stats().envelopes + inbox.stats().rejected > 0;
        inbox.wait_until("the question", asked).await.unwrap();
        // Whoever serves has its signals in hand, too.
        assert_eq!(answer(http().get(format!("{}/health", service.url()))).await.status, 200);
        assert_eq!(service.terminate(), Some(0));
        (inbox.addr().to_string(), service.log())
    };
    let (host, told) = log(Answer::default()).await;
    assert!(told.contains(&format!("Sentry at {host} answers")), "{told}");
    let (host, told) = log(Answer { status: 401, ..Answer::default() }).await;
    assert!(told.contains(&format!("Sentry at {host} answers, but does not take")), "{told}");
    assert!(told.contains("401"), "{told}");
}

#[actix_web::test]
async fn a_start_without_anybody_there_says_so() {
    let inbox = Inbox::start().await.unwrap();
    let (dsn, host) = (inbox.dsn(), inbox.addr().to_string());
    drop(inbox);
    let mut service = Service::start(BINARY, &[("SENTRY_DSN", &dsn)]);
    assert_eq!(answer(http().get(format!("{}/health", service.url()))).await.status, 200);
    // The end waits for the start's question, whose answer is a refusal at once.
    assert_eq!(service.terminate(), Some(0));
    let told = service.log();
    assert!(told.contains(&format!("Sentry at {host} does not answer")), "{told}");
}
