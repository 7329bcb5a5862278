//! The seconds of a shutdown, and a receiver that comes back in them.

use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use inbox::Answer;
use sentry::{Client, ClientOptions};
use sentry_delivery::{Delivery, Hooks, HttpTransportFactory, Plain};

use crate::helpers::{App, Line, SERVICE, close, close_within, errors, hub, inbox, status, until};

/// A client whose receiver refuses all connections, and ten errors that wait for it.
async fn refused() -> (App, Line) {
    let inbox = inbox(Answer::default()).await;
    let line = Line::to(inbox.addr()).await.unwrap();
    let app = App { hub: hub(&line.dsn(), Delivery::default()), inbox };
    errors(&app.hub, 10);
    // The waits between the attempts are longer than a second by now.
    until(|| line.refused() >= 6).await;
    (app, line)
}

#[actix_web::test]
async fn a_receiver_that_comes_back_during_the_shutdown_gets_everything() {
    let (app, line) = refused().await;
    let back = async {
        let before = line.refused();
        until(|| line.refused() >= before + 3).await;
        line.mend();
    };
    let (is_complete, ()) = tokio::join!(close(&app.hub), back);
    assert!(is_complete);
    assert_eq!((app.distinct().0, app.discarded("error")), (10, vec![]));
}

#[actix_web::test]
async fn an_attempt_without_an_answer_does_not_keep_the_others_back_until_the_end() {
    let (app, line) = refused().await;
    line.hold();
    let before = line.refused();
    until(|| line.refused() > before).await;
    let back = async {
        until(|| line.refused() > before + 1).await;
        line.mend();
    };
    // Shorter than the ten seconds for an answer.
    let (is_complete, ()) = tokio::join!(close_within(&app.hub, Duration::from_secs(9)), back);
    assert!(!is_complete);
    // Nobody knows whether the receiver has taken those that it holds: two, or more on a busy machine.
    let held = line.refused() - before;
    let discarded: u64 = app.discarded("error").iter().map(|(_, count)| count).sum();
    let arrived = app.distinct().0;
    assert!(
        arrived + held >= 10,
        "{arrived} arrived, {held} are held, {discarded} are reported as discarded"
    );
}

#[actix_web::test]
async fn the_shutdown_is_finished_by_a_thread_that_has_not_lowered_its_priority() {
    static LOWERED: Mutex<Option<thread::ThreadId>> = Mutex::new(None);
    static LATEST: Mutex<Option<thread::ThreadId>> = Mutex::new(None);
    let inbox = inbox(status(503)).await;
    let hooks = Hooks {
        thread_started: || *LOWERED.lock().unwrap() = Some(thread::current().id()),
        tick: || *LATEST.lock().unwrap() = Some(thread::current().id()),
        ..Hooks::default()
    };
    let transport = HttpTransportFactory::new(SERVICE, Plain, Delivery::default()).with_hooks(hooks);
    let mut options = ClientOptions::new().default_integrations(false).transport(transport);
    options.dsn = Some(inbox.dsn().parse().unwrap());
    let client = Client::with_options(options);
    client.capture_event(sentry::protocol::Event::default(), None);
    until(|| LATEST.lock().unwrap().is_some()).await;
    assert_eq!(*LATEST.lock().unwrap(), *LOWERED.lock().unwrap());
    let close = tokio::task::spawn_blocking(move || client.close(Some(Duration::from_secs(60))));
    until(|| *LATEST.lock().unwrap() != *LOWERED.lock().unwrap()).await;
    inbox.set_answer(Answer::default());
    assert!(close.await.unwrap(), "something is left");
    assert_eq!(inbox.events().len(), 1);
}
