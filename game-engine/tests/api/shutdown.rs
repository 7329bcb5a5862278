//! Signals that end the process, and log readers that do not read.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fixtures::app::kept_alive;
use fixtures::common::binary::{copies_to, in_trouble};
use fixtures::service::Service;
use inbox::{Answer, Inbox};

use crate::delivery::{BINARY, Spool, errors};
use crate::helpers::{answer, http};

#[actix_web::test]
async fn each_signal_that_asks_for_an_end_keeps_what_is_queued_and_ends_with_0() {
    for signal in ["HUP", "INT", "TERM", "QUIT"] {
        let (inbox, spool) = (Inbox::start().await.unwrap(), Spool::new(signal));
        inbox.set_answer(in_trouble());
        let encoded = Inbox::start().await.unwrap();
        let mut service = spool.start_with(&inbox, &[("SENTRY_SPOTLIGHT", &copies_to(&encoded))]);
        errors(&service, 20).await;
        encoded.wait_until("20 encoded errors", |inbox| inbox.events().len() >= 20).await.unwrap();
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
    let child = Command::new(BINARY)
        .env_clear()
        .envs([("PORT", "0"), ("RUST_LOG", "trace")])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = Killed(child.unwrap());
    let mut lines = BufReader::new(child.0.stderr.take().unwrap()).lines();
    let address = lines.find_map(|line| line.unwrap().split_once("address=").map(|(_, it)| it.to_owned()));
    let address = address.unwrap();
    let address = address.split_whitespace().next().unwrap();
    // From here on nobody reads. Each panic is logged, in some 300 bytes: twice what the pipe and the queue hold.
    let http = kept_alive();
    for number in 0..8_000 {
        let crash = http.get(format!("http://{address}/debug/crash"));
        let answer = crash.timeout(Duration::from_secs(10)).send().await;
        assert_eq!(answer.map(|answer| answer.status().as_u16()).ok(), Some(500), "request {number}");
    }
    let mut lines = lines.map_while(Result::ok);
    let said =
        tokio::task::spawn_blocking(move || lines.find(|line| line.contains("log lines were dropped")));
    let said = tokio::time::timeout(Duration::from_secs(30), said).await;
    drop(child);
    let said = said.expect("nobody says that lines are missing").unwrap().unwrap();
    assert!(said.contains("dropped="), "{said}");
}

/// A process that does not outlive its test.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
