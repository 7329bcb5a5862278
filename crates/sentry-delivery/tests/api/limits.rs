//! A receiver that wants less.

use inbox::Answer;

use crate::helpers::{App, app, close, error, errors, transaction, with_header};

async fn limited(limits: &str) -> App {
    let app = app().await;
    app.inbox.set_answer(with_header(200, "X-Sentry-Rate-Limits", limits));
    error(&app.hub, "brings the limit");
    app.flush().await;
    app
}

fn backoff(count: u64) -> Vec<(String, u64)> {
    vec![("ratelimit_backoff".to_owned(), count)]
}

#[actix_web::test]
async fn a_limit_of_one_category_stops_only_that_one() {
    let app = limited("86400:transaction;span:organization:quota").await;
    (0..5).for_each(|_| transaction(&app.hub));
    errors(&app.hub, 5);
    assert!(close(&app.hub).await);
    assert_eq!((app.items("event"), app.items("transaction")), (6, 0));
    // Under a limit fewer are made: on a slow machine, some of the five never were.
    let discarded: u64 = app.discarded("transaction").iter().map(|(_, count)| count).sum();
    assert_eq!((discarded, app.discarded("error")), (5, vec![]));

    let app = limited("86400:error:organization:quota").await;
    errors(&app.hub, 5);
    (0..5).for_each(|_| transaction(&app.hub));
    assert!(close(&app.hub).await);
    assert_eq!((app.items("event"), app.items("transaction")), (1, 5));
    assert_eq!((app.discarded("error"), app.discarded("transaction")), (backoff(5), vec![]));
}

#[actix_web::test]
async fn a_short_limit_is_waited_for() {
    let app = limited("1:error:key").await;
    errors(&app.hub, 5);
    transaction(&app.hub);
    app.inbox.set_answer(Answer::default());
    app.inbox.wait_until("the transaction", |_| app.items("transaction") == 1).await.unwrap();
    app.wait_for_events(6).await;
    assert!(close(&app.hub).await);
    assert_eq!(app.discarded("error"), []);
}

#[actix_web::test]
async fn a_429_is_tried_again_when_the_receiver_says() {
    for (name, value) in [("Retry-After", "1"), ("X-Sentry-Rate-Limits", "1:error;session:key, 5:replay:key")]
    {
        let app = app().await;
        app.inbox.wait_until("the start-up check", |inbox| inbox.stats().envelopes >= 1).await.unwrap();
        app.inbox.set_answer(with_header(429, name, value));
        error(&app.hub, "refused at first");
        app.inbox.wait_until("a refusal", |inbox| inbox.stats().rejected >= 1).await.unwrap();
        app.inbox.set_answer(Answer::default());
        app.wait_for_events(1).await;
        assert!(close(&app.hub).await);
        assert_eq!((app.items("event"), app.discarded("error")), (1, vec![]), "{name}");
    }
}

#[actix_web::test]
async fn a_429_for_long_is_the_receivers_loss_and_what_comes_after_is_ours() {
    let app = app().await;
    app.inbox.wait_until("the start-up check", |inbox| inbox.stats().envelopes >= 1).await.unwrap();
    app.inbox.set_answer(with_header(429, "X-Sentry-Rate-Limits", "3600:error:organization"));
    error(&app.hub, "refused, which the receiver counts itself");
    app.inbox.wait_until("a refusal", |inbox| inbox.stats().rejected >= 1).await.unwrap();
    app.inbox.set_answer(Answer::default());
    // The answer may still be under way to the client: until it is there, errors are delivered.
    let mut made = 0;
    while app.discarded("error").is_empty() {
        assert!(made < 6_000, "the limit does not reach the client");
        error(&app.hub, "after the limit");
        made += 1;
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert!(close(&app.hub).await);
    let reported: u64 = app.discarded("error").iter().map(|(_, count)| count).sum();
    assert_eq!(app.items("event") + reported, made);
}
