//! The process and its Sentry: what it says of it, and what it keeps for its next start.

use std::path::Path;

use fixtures::common::binary::{NO_WATCHDOG, copies_to, in_trouble};
use fixtures::folder::Folder;
use fixtures::service::Service;
use inbox::{Answer, Inbox, Options};

use crate::helpers::{answer, http};

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_game-engine");

/// A spool of this test's own, gone at its end.
pub(crate) struct Spool(Folder);

impl Spool {
    pub(crate) fn new(name: &str) -> Self {
        Self(Folder::new(&format!("game-engine-{name}")))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// How many envelopes are on disk.
    fn envelopes(&self) -> usize {
        let mut folders = vec![self.path().to_owned()];
        let mut envelopes = 0;
        while let Some(folder) = folders.pop() {
            for entry in folder.read_dir().unwrap().map(|entry| entry.unwrap().path()) {
                if entry.is_dir() {
                    folders.push(entry);
                } else if entry.extension().is_some_and(|it| it == "gz") {
                    envelopes += 1;
                }
            }
        }
        envelopes
    }

    pub(crate) fn start(&self, inbox: &Inbox) -> Service {
        self.start_with(inbox, &[])
    }

    /// The same with more of an environment.
    pub(crate) fn start_with(&self, inbox: &Inbox, more: &[(&str, &str)]) -> Service {
        let (dsn, spool) = (inbox.dsn(), self.0.text());
        let usual = [("SENTRY_DSN", dsn.as_str()), ("SENTRY_SPOOL_DIR", spool), NO_WATCHDOG];
        Service::start(BINARY, &[&usual, more].concat())
    }
}

pub(crate) async fn errors(service: &Service, count: usize) {
    let http = http();
    for _ in 0..count {
        let failed = answer(http.get(format!("{}/debug/error/value", service.url()))).await;
        assert_eq!(failed.status, 500);
    }
}

#[actix_web::test]
async fn sigterm_amidst_errors_loses_none_of_them() {
    let (inbox, spool) = (Inbox::start().await.unwrap(), Spool::new("sigterm"));
    let encoded = Inbox::start().await.unwrap();
    let mut service = spool.start_with(&inbox, &[("SENTRY_SPOTLIGHT", &copies_to(&encoded))]);
    errors(&service, 30).await;
    inbox.wait_until("some errors", |inbox| !inbox.events().is_empty()).await.unwrap();
    inbox.set_answer(in_trouble());
    errors(&service, 30).await;
    encoded.wait_until("60 encoded errors", |inbox| inbox.events().len() >= 60).await.unwrap();
    let status = service.terminate();
    let log = service.log();
    assert_eq!(status, Some(0), "{log}");

    let before = inbox.events().len();
    assert!(log.contains("the last envelopes for Sentry"), "{log}");
    // The sessions of each minute are one envelope more. In a long outage, errors are on disk before the end.
    let (errors, spooled) = (60 - before, spool.envelopes());
    assert!((errors + 1..errors + 9).contains(&spooled), "{errors} errors, {spooled} in the spool: {log}");

    inbox.set_answer(Answer::default());
    let mut service = spool.start(&inbox);
    inbox.wait_until("the rest", |inbox| inbox.events().len() >= 60).await.unwrap();
    assert_eq!(service.terminate(), Some(0));
    let mut ids: Vec<_> = inbox.events().iter().map(|event| event["event_id"].to_string()).collect();
    ids.sort();
    ids.dedup();
    // On a busy machine an answer may come after the end, and its error comes once more.
    assert_eq!(ids.len(), 60);
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
    let (host, reported) = log(Answer::default()).await;
    assert!(reported.contains(&format!("Sentry at {host} answers")), "{reported}");
    let (host, reported) = log(Answer { status: 401, ..Answer::default() }).await;
    assert!(reported.contains(&format!("Sentry at {host} answers, but does not accept")), "{reported}");
    assert!(reported.contains("401"), "{reported}");
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
    let reported = service.log();
    assert!(reported.contains(&format!("Sentry at {host} does not answer")), "{reported}");
}
