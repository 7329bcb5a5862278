//! What happens to envelopes while the receiver is well, in trouble, or gone.

use std::time::Duration;

use inbox::{Answer, Inbox};
use sentry_delivery::Delivery;

use crate::helpers::{App, close_in_time, with_header};
use crate::helpers::{Line, app, app_with, close, error, errors, hub, inbox, status, transaction};

const FOR_EVER: Duration = Duration::from_secs(3_600);

#[actix_web::test]
async fn errors_wait_for_a_receiver_that_cannot_be_reached() {
    let inbox = inbox(Answer::default()).await;
    let line = Line::to(inbox.addr()).await.unwrap();
    let app = App { hub: hub(&line.dsn(), Delivery::default()), inbox };
    errors(&app.hub, 200);
    line.mend();
    app.wait_for_events(200).await;
    assert!(close(&app.hub).await);
    assert_eq!((app.items("event"), app.discarded("error")), (200, vec![]));
}

#[actix_web::test]
async fn a_connection_that_breaks_in_the_middle_loses_nothing() {
    let inbox = inbox(Answer { delay: Duration::from_millis(20), ..Answer::default() }).await;
    let line = Line::to(inbox.addr()).await.unwrap();
    line.mend();
    let app = App { hub: hub(&line.dsn(), Delivery::default()), inbox };
    for round in 1..=3 {
        errors(&app.hub, 100);
        app.wait_for_events(round * 100 - 50).await;
        line.cut();
        errors(&app.hub, 100);
        line.mend();
        app.wait_for_events(round * 100).await;
    }
    assert!(close(&app.hub).await);
    // An answer that was lost on its way makes an event come twice: by its id the receiver knows it again.
    let mut ids: Vec<_> =
        app.inbox.events().iter().map(|it| it["event_id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), app.discarded("error")), (600, vec![]));
}

#[actix_web::test]
async fn a_receiver_in_trouble_is_tried_again() {
    for trouble in [408, 500, 502, 503] {
        let app = app_with(Delivery::default(), status(trouble)).await;
        errors(&app.hub, 20);
        // The start-up check is refused, too.
        app.inbox.wait_until("a second attempt", |inbox| inbox.stats().rejected >= 3).await.unwrap();
        app.inbox.set_answer(Answer::default());
        app.wait_for_events(20).await;
        assert!(close(&app.hub).await);
        assert_eq!((app.items("event"), app.discarded("error")), (20, vec![]), "{trouble}");
    }
}

#[actix_web::test]
async fn what_the_receiver_refuses_is_counted_and_not_tried_again() {
    for refusal in [400, 401, 404, 405, 410, 415, 422, 431] {
        let app = app_with(Delivery::default(), status(refusal)).await;
        app.inbox.wait_until("the start-up check", |inbox| inbox.stats().rejected >= 1).await.unwrap();
        errors(&app.hub, 3);
        app.flush().await;
        // The start-up check, one attempt each, and what is said of them meanwhile.
        assert!(app.inbox.stats().rejected >= 4);
        app.inbox.set_answer(Answer::default());
        assert!(close(&app.hub).await);
        assert_eq!((app.items("event"), app.discarded("error")), (0, vec![("send_error".to_owned(), 3)]));
    }
}

#[actix_web::test]
async fn a_flood_of_transactions_drops_transactions_alone_and_counts_each() {
    const FLOOD: u64 = 4_000;
    let app = app_with(Delivery::default(), status(503)).await;
    for _ in 0..FLOOD {
        transaction(&app.hub);
    }
    errors(&app.hub, 50);
    app.inbox.set_answer(Answer::default());
    let reported = |app: &App| app.discarded("transaction").iter().map(|(_, count)| count).sum::<u64>();
    let accounted = |app: &App| app.distinct().1 as u64 + reported(app);
    let all = |inbox: &Inbox| {
        inbox.stats().held.transactions as u64 + reported(&app) >= FLOOD && accounted(&app) == FLOOD
    };
    app.inbox.wait_until("each transaction", all).await.unwrap();
    assert!(close(&app.hub).await);
    assert_eq!(accounted(&app), FLOOD);
    // On a busy machine, backpressure sets in before the queue is full.
    let for_room = |(reason, _): &(String, u64)| reason == "queue_overflow" || reason == "backpressure";
    assert!(app.discarded("transaction").iter().any(for_room));
    assert_eq!((app.distinct().0, app.discarded("error")), (50, vec![]));
    // Each of them is one span, too.
    assert_eq!(app.discarded("span"), app.discarded("transaction"));
}

#[actix_web::test]
async fn errors_overtake_the_transactions_that_were_there_before() {
    let app = app_with(Delivery::default(), status(503)).await;
    (0..2_000).for_each(|_| transaction(&app.hub));
    error(&app.hub, "important");
    app.inbox.set_answer(Answer { delay: Duration::from_millis(10), ..Answer::default() });
    app.wait_for_events(1).await;
    assert!(app.items("transaction") < 1_000, "{} went before it", app.items("transaction"));
}

#[actix_web::test]
async fn whoever_reports_never_waits_for_the_receiver() {
    let answer = Answer { delay: FOR_EVER, ..Answer::default() };
    let app = app_with(Delivery::default(), answer).await;
    // Were one of these to wait, the test would not end.
    errors(&app.hub, 1_000);
    (0..1_000).for_each(|_| transaction(&app.hub));
}

#[actix_web::test]
async fn the_end_delivers_what_is_queued_and_what_was_lost() {
    let app = app().await;
    let limit = with_header(200, "X-Sentry-Rate-Limits", "3600:transaction:key");
    app.inbox.set_answer(limit);
    error(&app.hub, "brings the limit");
    app.flush().await;
    errors(&app.hub, 500);
    (0..7).for_each(|_| transaction(&app.hub));
    assert!(close(&app.hub).await);
    assert_eq!(app.distinct().0, 501);
    // Backpressure may have kept some of them from being traced.
    let discarded: u64 = app.discarded("transaction").iter().map(|(_, count)| count).sum();
    assert_eq!(discarded, 7, "{:?}", app.discarded("transaction"));
}

#[actix_web::test]
async fn a_report_that_is_under_way_at_the_end_is_reported_once() {
    let app = app().await;
    app.inbox.set_answer(with_header(200, "X-Sentry-Rate-Limits", "3600:error:key"));
    error(&app.hub, "brings the limit");
    app.flush().await;
    app.inbox.set_answer(Answer { delay: Duration::from_millis(500), ..Answer::default() });
    // No transaction: under a limit, fewer of these are made.
    error(&app.hub, "is discarded");
    app.inbox.wait_until("the report", |_| !app.discarded("error").is_empty()).await.unwrap();
    assert!(close(&app.hub).await);
    assert_eq!(app.discarded("error"), [("ratelimit_backoff".to_owned(), 1)]);
}

#[actix_web::test]
async fn the_end_comes_in_time_and_counts_what_it_leaves_behind() {
    let answer = Answer { delay: FOR_EVER, ..Answer::default() };
    let app = app_with(Delivery::default(), answer).await;
    errors(&app.hub, 10);
    // Without an end of its own the close would never return.
    assert!(!close_in_time(&app.hub).await);
}

#[actix_web::test]
async fn a_start_asks_whether_the_receiver_answers() {
    let app = app().await;
    app.inbox
        .wait_until("an empty report", |inbox| inbox.stats().items.contains_key("client_report"))
        .await
        .unwrap();
    assert_eq!((app.items("event"), app.inbox.stats().discarded), (0, vec![]));
}
