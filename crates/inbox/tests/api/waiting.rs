//! Waiting for what should arrive.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use inbox::{Inbox, Options};
use serde_json::json;

use crate::helpers::{message, spawn_app};

#[actix_web::test]
async fn what_already_holds_is_not_waited_for() {
    let app = spawn_app().await;
    app.accepted(message("there")).await;
    app.inbox.wait_until("an event", |inbox| inbox.events().len() == 1).await.unwrap();
}

#[actix_web::test]
async fn a_wait_ends_with_the_change_it_waits_for() {
    let app = spawn_app().await;
    let looks = AtomicUsize::new(0);
    let both = |inbox: &Inbox| {
        looks.fetch_add(1, Ordering::Relaxed);
        inbox.events().len() == 2
    };
    let send = async {
        app.event(json!({ "message": "one" })).await;
        app.event(json!({ "message": "two" })).await;
    };
    let (waited, ()) = tokio::join!(app.inbox.wait_until("two events", both), send);
    waited.unwrap();
    let looks = looks.into_inner();
    assert!((2..=3).contains(&looks), "it looks at first and when something changed, not {looks} times");
}

#[actix_web::test]
async fn a_refusal_wakes_it_too() {
    let app = spawn_app().await;
    let (waited, answer) = tokio::join!(
        app.inbox.wait_until("a refusal", |inbox| inbox.stats().rejected == 1),
        app.send("nonsense")
    );
    waited.unwrap();
    assert_eq!(answer.status, 400);
}

/// The clock is stopped: it jumps to the end of the wait as soon as nothing else is left to do.
#[tokio::test(start_paused = true)]
async fn a_wait_in_vain_says_what_for_and_what_there_is() {
    let inbox = Inbox::start().await.unwrap();
    let before = tokio::time::Instant::now();
    let error = inbox.wait_until("a miracle", |_| false).await.unwrap_err().to_string();
    assert_eq!(before.elapsed().as_secs(), 180);
    assert!(error.contains("waited 180 s for a miracle") && error.contains("envelopes: 0"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_wait_goes_on_while_something_arrives() {
    let inbox = Inbox::start_with(Options::default()).await.unwrap();
    let url = format!("{}/api/1/envelope/", inbox.url());
    // All together longer than a wait may take, on the clock of this test.
    let send = async {
        for _ in 0..5 {
            tokio::time::sleep(Duration::from_secs(100)).await;
            send_now(&url);
        }
    };
    let all = |inbox: &Inbox| inbox.stats().held.events == 5;
    let (waited, ()) = tokio::join!(inbox.wait_until("five events", all), send);
    waited.unwrap();
}

/// On this thread, whatever the test's clock says.
fn send_now(url: &str) {
    use std::io::{Read, Write};
    let host = url.trim_start_matches("http://").split('/').next().unwrap();
    let body = message("it");
    let mut connection = std::net::TcpStream::connect(host).unwrap();
    let head = format!(
        "POST /api/1/envelope/ HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    connection.write_all(head.as_bytes()).unwrap();
    connection.read_to_end(&mut Vec::new()).unwrap();
}
