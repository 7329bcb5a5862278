//! A Sentry that is slow or in trouble, for tests of what clients do then.

use std::time::Duration;

use inbox::{Answer, Inbox, Options};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use crate::helpers::{App, http, message, spawn_app, spawn_app_with};

const FOR_EVER: Duration = Duration::from_secs(3_600);

#[actix_web::test]
async fn a_refusal_stores_nothing_and_is_counted() {
    let app = spawn_app().await;
    app.inbox.set_answer(Answer {
        status: 429,
        headers: vec![
            ("Retry-After".to_owned(), "60".to_owned()),
            ("X-Sentry-Rate-Limits".to_owned(), "60:error:organization".to_owned()),
        ],
        ..Answer::default()
    });
    let answer = app.send(message("refused")).await;
    assert_eq!((answer.status, &answer.headers["Retry-After"]), (429, &"60".parse().unwrap()));
    assert_eq!(answer.headers["X-Sentry-Rate-Limits"], "60:error:organization");
    assert!(answer.body["error"].is_string());
    let stats = app.inbox.stats();
    assert_eq!((stats.envelopes, stats.rejected, stats.held.events), (0, 1, 0));

    app.inbox.set_answer(Answer::default());
    assert_eq!(app.send(message("taken")).await.status, 200);
    assert_eq!(app.inbox.events().len(), 1);
}

#[actix_web::test]
async fn another_success_stores_and_is_answered_so() {
    let answer = Answer { status: 202, ..Answer::default() };
    let app = spawn_app_with(Options { answer, ..Options::default() }).await;
    assert_eq!(app.send(message("taken")).await.status, 202);
    assert_eq!(app.inbox.events().len(), 1);
}

#[actix_web::test]
async fn a_delayed_answer_comes_after_that_time() {
    let app = spawn_app().await;
    let delay = Duration::from_millis(50);
    app.inbox.set_answer(Answer { delay, ..Answer::default() });
    let before = std::time::Instant::now();
    assert_eq!(app.send(message("late")).await.status, 200);
    // Only the lower bound: that one holds on a busy machine, too.
    assert!(before.elapsed() >= delay);
    assert_eq!(app.inbox.events().len(), 1);
}

/// A client that waits for its answer: its envelope is with the server when this returns.
async fn waiting_client(app: &App, text: &str) -> TcpStream {
    let mut connection = TcpStream::connect(app.inbox.addr()).await.unwrap();
    let body = message(text);
    let head =
        format!("POST /api/1/envelope/ HTTP/1.1\r\nHost: inbox\r\nContent-Length: {}\r\n\r\n", body.len());
    connection.write_all((head + &body).as_bytes()).await.unwrap();
    // The one worker takes connections in their order: a later one's answer means that it has read this one.
    assert_eq!(app.get("/health").await.status, 200);
    connection
}

#[actix_web::test]
async fn a_slow_envelope_holds_nobody_else_up() {
    let answer = Answer { delay: FOR_EVER, ..Answer::default() };
    let app = spawn_app_with(Options { answer, ..Options::default() }).await;
    let _waiting = waiting_client(&app, "slow").await;
    app.inbox.set_answer(Answer::default());
    assert_eq!(app.send(message("prompt")).await.status, 200);
    assert_eq!(app.inbox.events().len(), 2, "the slow one is only answered late");
}

#[actix_web::test]
async fn dropping_it_waits_for_no_client() {
    let answer = Answer { delay: FOR_EVER, ..Answer::default() };
    let app = spawn_app_with(Options { answer, ..Options::default() }).await;
    // One connection waits for its answer, the one that asked for the health is idle.
    let mut waiting = waiting_client(&app, "slow").await;
    let (addr, _idle) = (app.inbox.addr(), app.http.clone());

    let (dropped, done) = oneshot::channel();
    std::thread::spawn(move || {
        drop(app);
        let _ = dropped.send(());
    });
    tokio::time::timeout(Duration::from_secs(30), done).await.expect("it hangs").unwrap();
    let mut answer = Vec::new();
    let _ = waiting.read_to_end(&mut answer).await;
    assert!(answer.is_empty(), "its connection is closed without an answer");
    assert!(TcpStream::connect(addr).await.is_err(), "nobody listens any more");
}

#[test]
fn it_runs_beside_any_runtime() {
    async fn works() {
        let inbox = Inbox::start().await.unwrap();
        let url = format!("{}/api/1/envelope/", inbox.url());
        assert_eq!(http().post(url).body(message("hello")).send().await.unwrap().status(), 200);
        inbox.wait_until("the event", |inbox| inbox.events().len() == 1).await.unwrap();
    }
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(works());
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(works());
    actix_web::rt::System::new().block_on(works());
}

#[actix_web::test]
async fn a_taken_port_is_a_clear_error() {
    let app = spawn_app().await;
    let addr = app.inbox.addr();
    let error = Inbox::start_with(Options { addr, ..Options::default() }).await.unwrap_err().to_string();
    assert!(error.contains(&addr.to_string()) && error.contains("in use"), "{error}");
}

#[actix_web::test]
async fn raw_envelopes_are_kept_where_asked_for() {
    let app = spawn_app_with(Options { keep_raw: true, ..Options::default() }).await;
    let sent = message("kept");
    app.accepted(sent.clone()).await;
    app.send("nonsense").await;
    assert_eq!(app.inbox.received_bytes(), [sent]);

    let forgetful = spawn_app().await;
    forgetful.accepted(message("not kept")).await;
    assert!(forgetful.inbox.received_bytes().is_empty());
}
