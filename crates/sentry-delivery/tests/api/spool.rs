//! Errors on disk.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::SystemTime;

use inbox::{Answer, Inbox, Options, timestamp};
use sentry_delivery::Delivery;
use serde_json::Value;

use crate::helpers::{App, PATIENCE, app_with, close, close_in_trouble, errors, hub, status};

/// A folder of this test's own, gone at its end.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("spool-test-{}-{}", std::process::id(), NUMBER.fetch_add(1, SeqCst));
        Self(std::env::temp_dir().join(name))
    }

    pub(crate) fn delivery(&self) -> Delivery {
        Delivery { spool: Some(self.0.clone()), ..Delivery::default() }
    }

    /// How many files wait in the folders of all processes.
    pub(crate) fn waiting(&self) -> usize {
        let entries =
            |folder: PathBuf| fs::read_dir(folder).into_iter().flatten().flatten().map(|it| it.path());
        let files = entries(self.0.join("shop")).flat_map(entries);
        files.filter(|path| path.to_str().is_some_and(|it| it.ends_with(".envelope.gz"))).count()
    }

    /// The files in the folder of the first process.
    pub(crate) fn files(&self, ending: &str) -> Vec<PathBuf> {
        let path = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().path();
        let files = fs::read_dir(self.0.join("shop/0")).unwrap().map(path);
        files.filter(|path: &PathBuf| path.to_str().unwrap().ends_with(ending)).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Makes errors that stay on disk.
pub(crate) async fn leave(folder: &Folder, count: usize) {
    let app = app_with(folder.delivery(), status(503)).await;
    errors(&app.hub, count);
    assert!(close_in_trouble(&app).await, "they are not lost");
    assert_eq!(app.items("event"), 0);
}

/// Starts anew, with a receiver that is well.
pub(crate) async fn next(folder: &Folder) -> App {
    app_with(folder.delivery(), Answer::default()).await
}

#[actix_web::test]
async fn errors_left_at_the_end_are_sent_at_the_next_start_and_none_twice() {
    let folder = Folder::new();
    leave(&folder, 100).await;
    assert_eq!(folder.files(".envelope.gz").len(), 100);
    let app = next(&folder).await;
    app.wait_for_events(100).await;
    assert!(close(&app.hub).await);
    assert_eq!(folder.files(".envelope.gz"), [""; 0].map(PathBuf::from));
    let again = next(&folder).await;
    assert!(close(&again.hub).await);
    assert_eq!((app.items("event"), again.items("event")), (100, 0));
    let values = |event: &Value| event["exception"]["values"][0]["value"].as_str().unwrap().to_owned();
    let mut reported: Vec<_> = app.inbox.events().iter().map(values).collect();
    reported.sort();
    reported.dedup();
    assert_eq!(reported.len(), 100);
}

#[actix_web::test]
async fn what_is_spooled_stays_while_the_receiver_is_in_trouble() {
    let folder = Folder::new();
    leave(&folder, 10).await;
    leave(&folder, 10).await;
    assert_eq!(folder.files(".envelope.gz").len(), 20);
    let app = next(&folder).await;
    app.wait_for_events(20).await;
}

#[actix_web::test]
async fn a_torn_file_is_skipped_and_reported() {
    let folder = Folder::new();
    leave(&folder, 5).await;
    let files = folder.files(".envelope.gz");
    let whole = fs::read(&files[0]).unwrap();
    fs::write(&files[0], &whole[..whole.len() / 2]).unwrap();
    fs::write(&files[1], b"").unwrap();
    fs::write(folder.0.join("shop/0/notes.txt"), b"not ours").unwrap();
    let app = next(&folder).await;
    app.wait_for_events(3).await;
    assert!(close(&app.hub).await);
    assert_eq!((app.items("event"), app.discarded("error")), (3, vec![("internal_sdk_error".to_owned(), 2)]));
    assert_eq!((folder.files(".torn").len(), folder.files(".txt").len()), (2, 1));
}

#[actix_web::test]
async fn processes_that_share_a_spool_do_not_send_each_others_errors() {
    let folder = Folder::new();
    let first = app_with(folder.delivery(), status(503)).await;
    let second = app_with(folder.delivery(), status(503)).await;
    errors(&first.hub, 3);
    errors(&second.hub, 4);
    assert!(close_in_trouble(&second).await);
    assert!(Path::new(&folder.0.join("shop/1")).exists());
    assert!(close_in_trouble(&first).await);
    // Both are gone: the next one takes over from both.
    let app = next(&folder).await;
    app.wait_for_events(7).await;
    assert!(close(&app.hub).await);
    assert_eq!(app.items("event"), 7);
}

#[actix_web::test]
async fn what_was_lost_before_is_reported_after() {
    let folder = Folder::new();
    let app = app_with(folder.delivery(), status(503)).await;
    errors(&app.hub, 1);
    crate::helpers::transaction(&app.hub);
    app.inbox.wait_until("trouble", |inbox| inbox.stats().rejected >= 2).await.unwrap();
    assert!(!close_in_trouble(&app).await, "the transaction is lost");
    let app = next(&folder).await;
    app.wait_for_events(1).await;
    app.inbox.wait_until("the loss", |_| !app.discarded("transaction").is_empty()).await.unwrap();
    assert_eq!(app.discarded("transaction"), [("network_error".to_owned(), 1)]);
}

#[actix_web::test]
async fn what_went_to_disk_in_a_long_outage_is_sent_when_it_is_over_though_nothing_new_comes() {
    let folder = Folder::new();
    let app = app_with(folder.delivery(), status(503)).await;
    errors(&app.hub, 10);
    // After ten seconds all of them.
    let spooled = async {
        while folder.waiting() < 10 {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(PATIENCE, spooled).await.unwrap();
    app.inbox.set_answer(Answer::default());
    app.wait_for_events(10).await;
    assert!(close(&app.hub).await);
    assert_eq!((app.distinct().0, app.discarded("error"), folder.waiting()), (10, vec![], 0));
}

/// A client whose receiver keeps what it gets.
async fn watched(delivery: Delivery, answer: Answer) -> App {
    let inbox = Inbox::start_with(Options { keep_raw: true, answer, ..Options::default() }).await.unwrap();
    App { hub: hub(&inbox.dsn(), delivery), inbox }
}

/// When the envelopes with events say that they were sent, seconds since 1970.
fn sent_at(inbox: &Inbox) -> Vec<f64> {
    let (mut all, received) = (Vec::new(), inbox.received_bytes());
    for envelope in &received {
        let mut lines = envelope.split(|byte| *byte == b'\n').map(String::from_utf8_lossy);
        let header: Value = serde_json::from_str(&lines.next().unwrap()).unwrap();
        if lines.any(|line| line.contains(r#""type":"event""#)) {
            all.push(timestamp::seconds(&header["sent_at"]).unwrap());
        }
    }
    all
}

/// Now, as headers say it: they count milliseconds.
fn now() -> f64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs_f64() - 0.001
}

#[actix_web::test]
async fn what_comes_from_the_spool_says_that_it_is_sent_now() {
    let folder = Folder::new();
    leave(&folder, 10).await;
    let began = now();
    let app = watched(folder.delivery(), Answer::default()).await;
    app.wait_for_events(10).await;
    assert!(close(&app.hub).await);
    let reported = sent_at(&app.inbox);
    assert_eq!(reported.len(), 10);
    assert!(reported.iter().all(|sent| *sent >= began), "{began:?}: {reported:?}");
}

#[actix_web::test]
async fn what_is_tried_again_says_that_it_is_sent_now() {
    let app = watched(Delivery::default(), status(503)).await;
    errors(&app.hub, 10);
    // The waits between the attempts are three seconds together, at least.
    app.inbox.wait_until("attempts", |inbox| inbox.stats().rejected >= 8).await.unwrap();
    // What was stamped a second ago is fresh.
    let began = now() - 1.0;
    app.inbox.set_answer(Answer::default());
    app.wait_for_events(10).await;
    let reported = sent_at(&app.inbox);
    assert!(reported.iter().all(|sent| *sent >= began), "{began:?}: {reported:?}");
    assert!(close(&app.hub).await);
}
