//! Fewer traces while they cannot be delivered.

use std::sync::Arc;
use std::time::Duration;

use inbox::Answer;
use sentry_context::sentry::{Hub, TransactionContext};
use sentry_context::transport::Delivery;

use crate::helpers::{App, app, app_with, close, errors, status, transaction};

/// Makes a transaction; was it sampled?
fn sampled(hub: &Arc<Hub>) -> bool {
    let transaction = hub.start_transaction(TransactionContext::new("GET /", "http.server"));
    let sampled = transaction.iter_headers().any(|(_, value)| value.ends_with("-1"));
    Hub::run(Arc::clone(hub), || transaction.finish());
    sampled
}

async fn until(what: impl Fn() -> bool) {
    while !what() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[actix_web::test]
async fn a_queue_that_does_not_drain_halves_the_traces_and_one_that_has_drained_brings_them_back() {
    let app = app_with(Delivery::default(), status(503)).await;
    let made = std::cell::Cell::new(0_u64);
    let is_sampled = || {
        made.set(made.get() + 1);
        sampled(&app.hub)
    };
    // Twenty in a row say whether all are sampled: by chance, one in a million times at half the rate.
    let all_sampled = || (0..20).map(|_| is_sampled()).filter(|sampled| *sampled).count() == 20;
    (0..2_500).for_each(|_| {
        is_sampled();
    });
    until(|| (0..20).map(|_| is_sampled()).filter(|sampled| *sampled).count() <= 2).await;
    errors(&app.hub, 50);

    app.inbox.set_answer(Answer::default());
    until(all_sampled).await;
    assert!(close(&app.hub).await);
    let told = app.discarded("transaction");
    let sum: u64 = told.iter().map(|(_, count)| count).sum();
    assert_eq!(app.items("transaction") + sum, made.get(), "{told:?}");
    assert!(told.iter().all(|(reason, _)| reason == "backpressure"), "{told:?}");
    // Errors are never sampled.
    assert_eq!((app.items("event"), app.discarded("error")), (50, vec![]));
}

#[actix_web::test]
async fn the_traces_that_are_left_tell_their_true_rate() {
    let options = inbox::Options { answer: status(503), keep_raw: true, ..inbox::Options::default() };
    let inbox = inbox::Inbox::start_with(options).await.unwrap();
    let config = crate::helpers::config(&inbox.dsn(), Delivery::default());
    let app = App { hub: sentry_context::client::hub(&config), inbox };
    (0..2_500).for_each(|_| transaction(&app.hub));
    until(|| (0..20).filter(|_| sampled(&app.hub)).count() <= 10).await;
    // The rate may have fallen so far meanwhile that none of these was kept.
    until(|| (0..100).any(|_| sampled(&app.hub))).await;
    app.inbox.set_answer(Answer::default());
    assert!(close(&app.hub).await);
    let rates = app.inbox.received_bytes().into_iter().filter_map(|envelope| {
        let header = envelope.split(|byte| *byte == b'\n').next()?;
        let header: serde_json::Value = serde_json::from_slice(header).ok()?;
        header["trace"]["sample_rate"].as_str()?.parse::<f32>().ok()
    });
    let rates: Vec<f32> = rates.collect();
    // 1, 1/2, 1/4 …
    assert!(rates.iter().all(|rate| (0..=10).any(|step| *rate == 0.5_f32.powi(step))), "{rates:?}");
    assert!(rates.contains(&1.0) && rates.iter().any(|rate| *rate < 1.0), "{rates:?}");
}

#[actix_web::test]
async fn a_caller_that_did_not_sample_is_no_backpressure() {
    let app = app().await;
    for _ in 0..3 {
        let headers = [("sentry-trace", "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0")];
        let context = TransactionContext::continue_from_headers("GET /", "http.server", headers);
        let transaction = app.hub.start_transaction(context);
        Hub::run(Arc::clone(&app.hub), || transaction.finish());
    }
    errors(&app.hub, 1);
    assert!(close(&app.hub).await);
    assert_eq!(app.discarded("transaction"), [("sample_rate".to_owned(), 3)]);
}
