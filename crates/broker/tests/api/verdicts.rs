//! What becomes of deliveries.

use broker::{Publisher, Verdict, topology};
use fixtures::app::Telemetry;
use fixtures::rabbit::Broker;
use lapin::options::BasicGetOptions;
use lapin::{Connection, ConnectionProperties};

use crate::helpers::{address, consumer, number, publish, sentry_as, until};

#[actix_web::test]
async fn what_nobody_understands_goes_to_the_dead_letters_once_and_as_it_came() {
    for telemetry in Telemetry::ALL {
        buries_what_nobody_understands(telemetry).await;
    }
}

async fn buries_what_nobody_understands(telemetry: Telemetry) {
    let Some(broker) = Broker::start() else { return };
    let (_inbox, hub) = sentry_as(telemetry).await;
    let publisher = Publisher::start(address(&broker.url()));
    let judge = |delivered: &broker::Delivered| match number(delivered) {
        3 => Verdict::Dead,
        _ => Verdict::Done,
    };
    let (_consuming, seen) = consumer(&broker.url(), &hub, judge);
    (0..10).for_each(|number| drop(publish(&hub, &publisher, number)));
    until("all deliveries", || seen.borrow().len() == 10).await;

    let connection = Connection::connect(&broker.url(), ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    let take = async || {
        let options = BasicGetOptions { no_ack: true };
        channel.basic_get(topology::DEAD_LETTERS.name.into(), options).await.unwrap()
    };
    let dead = loop {
        match take().await {
            Some(dead) => break dead,
            None => tokio::task::yield_now().await,
        }
    };
    let poisoned = seen.borrow().iter().find(|it| number(it) == 3).unwrap().clone();
    assert_eq!(dead.delivery.data, poisoned.body);
    let id = dead.delivery.properties.message_id().as_ref().map(ToString::to_string);
    assert_eq!(id, poisoned.id);
    assert!(take().await.is_none(), "buried twice");
    assert_eq!(seen.borrow().len(), 10);
}

#[actix_web::test]
async fn what_could_not_be_worked_on_is_delivered_again_by_the_same_name() {
    for telemetry in Telemetry::ALL {
        delivers_again(telemetry).await;
    }
}

async fn delivers_again(telemetry: Telemetry) {
    let Some(broker) = Broker::start() else { return };
    let (_inbox, hub) = sentry_as(telemetry).await;
    let publisher = Publisher::start(address(&broker.url()));
    let judge = |delivered: &broker::Delivered| match delivered.redelivered {
        true => Verdict::Done,
        false => Verdict::Later,
    };
    let (_consuming, seen) = consumer(&broker.url(), &hub, judge);
    publish(&hub, &publisher, 1);
    until("both deliveries", || seen.borrow().len() == 2).await;
    let seen = seen.borrow();
    assert_eq!(seen[0].id, seen[1].id);
    assert!(seen[0].id.is_some());
}
