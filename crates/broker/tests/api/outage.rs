//! A broker that is killed, frozen or absent.

use std::collections::BTreeSet;
use std::time::Duration;

use broker::{Publisher, State, Verdict};
use fixtures::app::Telemetry;
use fixtures::rabbit::Broker;

use crate::helpers::{NOBODY, Seen, address, consumer, number, publish, sentry, sentry_as, until};

fn numbers(seen: &Seen) -> BTreeSet<u64> {
    seen.borrow().iter().map(number).collect()
}

#[actix_web::test]
async fn nothing_is_lost_by_a_broker_that_is_killed_and_comes_back() {
    for telemetry in Telemetry::ALL {
        survives_a_kill(telemetry).await;
    }
}

async fn survives_a_kill(telemetry: Telemetry) {
    let Some(mut broker) = Broker::start() else { return };
    let (_inbox, hub) = sentry_as(telemetry).await;
    let publisher = Publisher::start(address(&broker.url()), &hub);
    let (consuming, seen) = consumer(&broker.url(), &hub, |_| Verdict::Done);
    (0..200).for_each(|number| drop(publish(&hub, &publisher, number)));
    until("some deliveries", || seen.borrow().len() > 50).await;
    broker.kill();
    (200..400).for_each(|number| drop(publish(&hub, &publisher, number)));
    until("the loss is noticed", || publisher.state() == State::Down && !consuming.is_running()).await;
    (400..600).for_each(|number| drop(publish(&hub, &publisher, number)));
    broker.restart();
    until("all of them", || numbers(&seen).len() == 600).await;
    assert_eq!(publisher.finish(Duration::from_secs(30)).await, 0);
    assert!(consuming.is_running());
}

#[actix_web::test]
async fn a_broker_that_is_frozen_is_noticed_and_gets_everything_when_it_goes_on() {
    let Some(broker) = Broker::start() else { return };
    let (_inbox, hub) = sentry().await;
    let publisher = Publisher::start(address(&broker.url()), &hub);
    until("the connection", || publisher.state() == State::Up).await;
    broker.freeze();
    (0..100).for_each(|number| drop(publish(&hub, &publisher, number)));
    until("the silence is noticed", || publisher.state() == State::Down).await;
    broker.thaw();
    let (_consuming, seen) = consumer(&broker.url(), &hub, |_| Verdict::Done);
    until("all of them", || numbers(&seen).len() == 100).await;
}

#[actix_web::test]
async fn without_a_broker_messages_wait_and_nobody_else_does() {
    for telemetry in Telemetry::ALL {
        waits_for_a_broker(telemetry).await;
    }
}

async fn waits_for_a_broker(telemetry: Telemetry) {
    let (_inbox, hub) = sentry_as(telemetry).await;
    let publisher = Publisher::start(address(NOBODY), &hub);
    publish(&hub, &publisher, 1);
    until("the refusal", || publisher.state() == State::Down).await;
    assert_eq!(publisher.finish(Duration::ZERO).await, 1);
}

#[actix_web::test]
async fn where_none_is_configured_nothing_is_published() {
    let (_inbox, hub) = sentry().await;
    let publisher = Publisher::start(None, &hub);
    publish(&hub, &publisher, 1);
    assert_eq!((publisher.state(), publisher.finish(Duration::ZERO).await), (State::Down, 0));
}
