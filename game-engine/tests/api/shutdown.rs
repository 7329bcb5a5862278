//! Signals that end the process, and log readers that do not read.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use fixtures::service::Service;
use inbox::{Answer, Inbox};

use crate::delivery::{BINARY, Spool, errors, in_trouble};
use crate::helpers::{answer, http};

#[actix_web::test]
async fn each_signal_that_asks_for_an_end_keeps_what_is_queued_and_ends_with_0() {
    for signal in ["HUP", "INT", "TERM", "QUIT"] {
        let (inbox, spool) = (Inbox::start().await.unwrap(), Spool::new(signal));
        inbox.set_answer(in_trouble());
        let mut service = spool.start(&inbox);
        errors(&service, 20).await;
        assert_eq!(service.end_by(signal).code(), Some(0), "SIG{signal}");
        inbox.set_answer(Answer::default());
        let mut service = spool.start(&inbox);
        inbox.wait_until("the errors", |inbox| inbox.events().len() >= 20).await.unwrap();
        assert_eq!(service.terminate(), Some(0));
        assert_eq!(inbox.events().len(), 20, "SIG{signal}");
    }
}

#[actix_web::test]
async fn a_process_that_is_to_outlive_its_terminal_ignores_sighup() {
    let mut service = Service::start_with("/bin/sh", &["-c", "trap '' HUP; exec \"$0\"", BINARY], &[]);
    let health = || async { answer(http().get(format!("{}/health", service.url()))).await.status };
    for _ in 0..10 {
        service.signal("HUP");
        assert_eq!(health().await, 200);
    }
    assert_eq!(service.terminate(), Some(0));
}

#[actix_web::test]
async fn a_log_that_nobody_reads_holds_no_request_up_and_says_afterwards_what_is_missing() {
    let mut child = Command::new(BINARY)
        .env_clear()
        .envs([("PORT", "0"), ("RUST_LOG", "trace")])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let address = lines.find_map(|line| line.unwrap().split_once("address=").map(|(_, it)| it.to_owned()));
    let address = address.unwrap();
    let address = address.split_whitespace().next().unwrap();
    // From here on nobody reads. Each path is logged, with much else.
    let http = http();
    let long = "x".repeat(4_000);
    for _ in 0..400 {
        let crash = http.get(format!("http://{address}/debug/crash?note={long}"));
        assert_eq!(crash.timeout(Duration::from_secs(10)).send().await.unwrap().status(), 500);
    }
    let mut lines = lines.map_while(Result::ok);
    let said =
        tokio::task::spawn_blocking(move || lines.find(|line| line.contains("log lines were dropped")));
    let said = tokio::time::timeout(Duration::from_secs(30), said).await;
    let _ = child.kill();
    child.wait().unwrap();
    let said = said.expect("nobody says that lines are missing").unwrap().unwrap();
    assert!(said.contains("dropped="), "{said}");
}
