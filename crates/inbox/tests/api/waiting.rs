//! Waiting for what should arrive.

use std::sync::atomic::{AtomicUsize, Ordering};

use inbox::Inbox;
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
    assert_eq!(before.elapsed().as_secs(), 120);
    assert!(error.contains("waited 120 s for a miracle") && error.contains("envelopes: 0"), "{error}");
}
