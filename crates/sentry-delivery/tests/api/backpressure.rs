//! Fewer traces while they cannot be delivered.

use std::sync::Arc;

use inbox::{Answer, Inbox, Options};
use sentry::{Hub, TransactionContext};
use sentry_delivery::Delivery;

use crate::helpers::{App, app, app_with, close, errors, status, transaction, until};

/// More than half of the transactions' queue, which nothing takes out.
const CROWD: u64 = 1_600;

/// Makes a transaction; was it sampled?
fn sampled(hub: &Arc<Hub>) -> bool {
    let transaction = hub.start_transaction(TransactionContext::new("GET /", "http.server"));
    let sampled = transaction.iter_headers().any(|(_, value)| value.ends_with("-1"));
    Hub::run(Arc::clone(hub), || transaction.finish());
    sampled
}

/// How many of so many would be sampled now? They never finish, so nothing waits because of the question.
fn would_be_sampled(hub: &Hub, of: usize) -> usize {
    let context = || TransactionContext::new("GET /", "http.server");
    let sampled =
        |_: &usize| hub.start_transaction(context()).iter_headers().any(|(_, it)| it.ends_with("-1"));
    (0..of).filter(sampled).count()
}

#[actix_web::test]
async fn a_queue_that_does_not_drain_halves_the_traces_and_one_that_has_drained_brings_them_back() {
    let app = app_with(Delivery::default(), status(503)).await;
    (0..CROWD).for_each(|_| transaction(&app.hub));
    until(|| would_be_sampled(&app.hub, 20) <= 2).await;
    (0..20).for_each(|_| transaction(&app.hub));
    errors(&app.hub, 50);

    app.inbox.set_answer(Answer::default());
    // By chance, all of twenty are sampled one time in a million at half the rate.
    until(|| would_be_sampled(&app.hub, 20) == 20).await;
    assert!(close(&app.hub).await);
    let reported = app.discarded("transaction");
    let sum: u64 = reported.iter().map(|(_, count)| count).sum();
    let (events, transactions) = app.distinct();
    assert_eq!(transactions as u64 + sum, CROWD + 20, "{reported:?}");
    assert!(reported.iter().all(|(reason, _)| reason == "backpressure"), "{reported:?}");
    // Errors are never sampled.
    assert_eq!((events, app.discarded("error")), (50, vec![]));
}

#[actix_web::test]
async fn the_traces_that_are_left_tell_their_true_rate() {
    let options = Options { answer: status(503), keep_raw: true, ..Options::default() };
    let inbox = Inbox::start_with(options).await.unwrap();
    let app = App { hub: crate::helpers::hub(&inbox.dsn(), Delivery::default()), inbox };
    (0..CROWD).for_each(|_| transaction(&app.hub));
    until(|| would_be_sampled(&app.hub, 20) <= 10).await;
    // The rate may have fallen so far meanwhile that it takes many.
    until(|| (0..100).any(|_| sampled(&app.hub))).await;
    app.inbox.set_answer(Answer::default());
    let reduced = |inbox: &Inbox| rates(inbox).iter().any(|rate| *rate < 1.0);
    app.inbox.wait_until("a trace of a reduced rate", reduced).await.unwrap();
    let rates = rates(&app.inbox);
    // 1, 1/2, 1/4 …
    assert!(rates.iter().all(|rate| (0..=10).any(|step| *rate == 0.5_f32.powi(step))), "{rates:?}");
    assert!(rates.contains(&1.0), "{rates:?}");
}

/// The sample rates in the envelopes' headers.
fn rates(inbox: &Inbox) -> Vec<f32> {
    let rate = |envelope: &[u8]| {
        let header = envelope.split(|byte| *byte == b'\n').next()?;
        let header: serde_json::Value = serde_json::from_slice(header).ok()?;
        header["trace"]["sample_rate"].as_str()?.parse().ok()
    };
    inbox.received_bytes().iter().filter_map(|envelope| rate(envelope)).collect()
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
