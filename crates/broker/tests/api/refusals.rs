//! Messages that the broker does not take.

use std::sync::Arc;

use broker::{Publisher, Verdict};
use fixtures::rabbit::{self, Broker};
use inbox::Inbox;
use sentry_context::sentry::{Hub, start_transaction};
use sentry_context::trace::TraceHeaders;
use serde_json::{Map, Value, json};

use crate::helpers::{NOBODY, address, consumer, number, publish, sentry, until};

/// Bytes.
const LIMIT: u32 = 100_000;

fn large(bytes: usize) -> Map<String, Value> {
    let Value::Object(body) = json!({ "data": { "number": 0, "text": "x".repeat(bytes) } }) else {
        unreachable!()
    };
    body
}

fn lost(inbox: &Inbox, kind: &str) -> usize {
    let events = inbox.events();
    let of_kind = events.iter().filter(|event| event["contexts"]["messages_lost"]["kind"] == kind);
    of_kind.count()
}

fn counted(inbox: &Inbox, kind: &str) -> f64 {
    let metrics = inbox.metrics();
    let of_kind = metrics
        .iter()
        .filter(|it| it["name"] == "messages.lost" && it["attributes"]["kind"]["value"] == kind);
    of_kind.map(|it| it["value"].as_f64().unwrap()).sum()
}

#[actix_web::test]
async fn what_the_broker_refuses_is_dropped_counted_and_reported_and_the_next_goes_on() {
    let Some(broker) = Broker::start_with_limit(LIMIT) else { return };
    let (inbox, hub) = sentry().await;
    let publisher = Publisher::start(address(&broker.url()), &hub);
    let (_consuming, seen) = consumer(&broker.url(), &hub, |_| Verdict::Done);
    for round in 0..2 {
        (round * 10..round * 10 + 5).for_each(|number| drop(publish(&hub, &publisher, number)));
        publisher.publish("order.created", large(2 * LIMIT as usize));
        (round * 10 + 5..round * 10 + 10).for_each(|number| drop(publish(&hub, &publisher, number)));
    }
    let all = || seen.borrow().iter().map(number).collect::<std::collections::BTreeSet<_>>().len() == 20;
    until("all others", all).await;
    assert_eq!(publisher.finish(std::time::Duration::from_secs(30)).await, 0);
    let both = |inbox: &Inbox| counted(inbox, "messages.refused") == 2.0;
    inbox.wait_until("two that are counted", both).await.unwrap();
    inbox.wait_until("the report", |inbox| lost(inbox, "messages.refused") == 1).await.unwrap();
}

#[actix_web::test]
async fn what_is_larger_than_any_message_is_not_sent() {
    let Some(broker) = rabbit::virtual_host() else { return };
    let (inbox, hub) = sentry().await;
    let publisher = Publisher::start(address(&broker.url()), &hub);
    let (_consuming, seen) = consumer(&broker.url(), &hub, |_| Verdict::Done);
    Hub::run(hub.clone(), || publisher.publish("order.created", large(1 << 20)));
    publish(&hub, &publisher, 1);
    until("the other", || seen.borrow().len() == 1).await;
    inbox.wait_until("the report", |inbox| lost(inbox, "messages.too_large") == 1).await.unwrap();
    assert_eq!(publisher.finish(std::time::Duration::ZERO).await, 0);
}

#[actix_web::test]
async fn baggage_without_end_does_not_end_publishing() {
    let Some(broker) = rabbit::virtual_host() else { return };
    let (_inbox, hub) = sentry().await;
    let publisher = Publisher::start(address(&broker.url()), &hub);
    let (_consuming, seen) = consumer(&broker.url(), &hub, |_| Verdict::Done);
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let ours = format!("sentry-trace_id={trace},sentry-public_key=gateway");
    let endless = [
        format!("{ours},other={}", "x".repeat(130_000)),
        format!("{ours},sentry-transaction={}", "x".repeat(130_000)),
        vec![ours.as_str(); 10_000].join(","),
    ];
    for baggage in &endless {
        let sentry_trace = format!("{trace}-00f067aa0ba902b7-1");
        let came = TraceHeaders { sentry_trace, baggage: baggage.clone() };
        let hub = Arc::new(Hub::new_from_top(hub.clone()));
        Hub::run(hub.clone(), || {
            let transaction = start_transaction(came.continued("POST /orders", "http.server"));
            hub.configure_scope(|scope| {
                scope.set_span(Some(transaction.clone().into()));
                came.bind(scope);
            });
            publisher.publish("order.created", Map::new());
        });
    }
    until("all of them", || seen.borrow().len() == endless.len()).await;
    for delivered in seen.borrow().iter() {
        let body: Value = serde_json::from_slice(&delivered.body).unwrap();
        let baggage = body["trace"]["baggage"].as_str().unwrap_or_default();
        assert!(baggage.len() <= 8_192, "{}", baggage.len());
    }
}

#[actix_web::test]
async fn a_queue_of_dead_letters_that_takes_none_keeps_no_message_coming() {
    let Some(broker) = Broker::start() else { return };
    let (inbox, hub) = sentry().await;
    let publisher = Publisher::start(address(&broker.url()), &hub);
    let judge =
        |delivered: &broker::Delivered| if number(delivered) == 1 { Verdict::Dead } else { Verdict::Done };
    let (consuming, seen) = consumer(&broker.url(), &hub, judge);
    until("the consumer", || consuming.is_running()).await;
    let full = r#"{"max-length":0,"overflow":"reject-publish"}"#;
    broker.control(&["set_policy", "full", "^shop.dead_letters$", full, "--apply-to", "queues"]);
    publish(&hub, &publisher, 1);
    inbox.wait_until("the report", |inbox| lost(inbox, "messages.dead_letter_refused") == 1).await.unwrap();
    publish(&hub, &publisher, 2);
    until("the next", || seen.borrow().iter().any(|it| number(it) == 2)).await;
    // The broker does not bring it again, as it would a delivery that is not acknowledged. A publisher that a busy
    // machine cuts off may send it twice.
    assert!(!seen.borrow().iter().any(|it| number(it) == 1 && it.redelivered));
    let counted = |inbox: &Inbox| counted(inbox, "messages.dead_letter_refused") >= 1.0;
    inbox.wait_until("one that is counted", counted).await.unwrap();
}

#[actix_web::test]
async fn no_more_messages_wait_than_have_room_and_the_others_are_counted() {
    let (inbox, hub) = sentry().await;
    let publisher = Publisher::start(address(NOBODY), &hub);
    Hub::run(hub.clone(), || (0..10_003).for_each(|_| publisher.publish("order.created", Map::new())));
    assert_eq!(publisher.finish(std::time::Duration::ZERO).await, 10_000);
    inbox
        .wait_until("three that are counted", |inbox| counted(inbox, "messages.dropped") == 3.0)
        .await
        .unwrap();
    inbox.wait_until("the report", |inbox| lost(inbox, "messages.dropped") == 1).await.unwrap();
}
