//! What becomes of deliveries.

use broker::{Publisher, Verdict};
use fixtures::app::Telemetry;
use fixtures::rabbit::{self, VirtualHost};
use lapin::message::BasicGetMessage;
use lapin::options::{BasicGetOptions, BasicPublishOptions, QueueDeleteOptions};
use lapin::types::{AMQPValue, FieldArray, FieldTable, ShortString};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};

use crate::helpers::{ORDERS, SHOP, address, consumer, number, publish, sentry_as, until};

#[actix_web::test]
async fn what_nobody_understands_goes_to_the_dead_letters_once_and_as_it_came() {
    for telemetry in Telemetry::ALL {
        buries_what_nobody_understands(telemetry).await;
    }
}

async fn buries_what_nobody_understands(telemetry: Telemetry) {
    let Some(broker) = rabbit::virtual_host() else { return };
    let (_inbox, hub) = sentry_as(telemetry).await;
    let publisher = Publisher::start(address(&broker.url()), &hub);
    let judge = |delivered: &broker::Delivered| match number(delivered) {
        3 => Verdict::Dead,
        _ => Verdict::Done,
    };
    let (_consuming, seen) = consumer(&broker.url(), &hub, judge);
    (0..10).for_each(|number| drop(publish(&hub, &publisher, number)));
    until("all deliveries", || seen.borrow().len() == 10).await;

    let (_connection, channel) = channel(&broker).await;
    let dead = dead_letter(&channel).await;
    let poisoned = seen.borrow().iter().find(|it| number(it) == 3).unwrap().clone();
    assert_eq!(dead.delivery.data, poisoned.body);
    let id = dead.delivery.properties.message_id().as_ref().map(ToString::to_string);
    assert_eq!(id, poisoned.id);
    assert!(take(&channel).await.is_none(), "buried twice");
    assert_eq!(seen.borrow().len(), 10);
}

#[actix_web::test]
async fn what_could_not_be_worked_on_is_delivered_again_by_the_same_name() {
    for telemetry in Telemetry::ALL {
        delivers_again(telemetry).await;
    }
}

async fn delivers_again(telemetry: Telemetry) {
    let Some(broker) = rabbit::virtual_host() else { return };
    let (_inbox, hub) = sentry_as(telemetry).await;
    let publisher = Publisher::start(address(&broker.url()), &hub);
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

async fn channel(broker: &VirtualHost) -> (Connection, Channel) {
    let connection = Connection::connect(&broker.url(), ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    (connection, channel)
}

async fn take(channel: &Channel) -> Option<BasicGetMessage> {
    let options = BasicGetOptions { no_ack: true };
    channel.basic_get(SHOP.dead_letters.into(), options).await.unwrap()
}

async fn dead_letter(channel: &Channel) -> BasicGetMessage {
    loop {
        match take(channel).await {
            Some(dead) => break dead,
            None => tokio::task::yield_now().await,
        }
    }
}

/// What routes a message, or has it vanish, and what is long.
fn poisonous() -> BasicProperties {
    let long = || ShortString::from("x".repeat(255));
    let mut headers = FieldTable::default();
    for name in ["CC", "BCC"] {
        let mut keys = FieldArray::default();
        keys.push(AMQPValue::LongString(ORDERS.name.into()));
        keys.push(AMQPValue::LongString("order.created".into()));
        headers.insert(name.into(), AMQPValue::FieldArray(keys));
    }
    headers.insert("baggage".into(), AMQPValue::LongString("b".repeat(60_000).into()));
    headers.insert("sentry-trace".into(), AMQPValue::LongString("t".repeat(30_000).into()));
    headers.insert("x-other".into(), AMQPValue::LongString("o".repeat(30_000).into()));
    BasicProperties::default()
        .with_headers(headers)
        .with_expiration("60000".into())
        .with_priority(255)
        .with_reply_to("order.created".into())
        .with_correlation_id(long())
        .with_app_id(long())
        .with_user_id("guest".into())
        .with_delivery_mode(1)
        .with_message_id(long())
        .with_type(long())
        .with_content_type("application/json".into())
        .with_timestamp(1)
}

#[actix_web::test]
async fn a_dead_letter_is_one_whatever_its_properties_say() {
    let Some(broker) = rabbit::virtual_host() else { return };
    let (_inbox, hub) = sentry_as(Telemetry::On).await;
    let judge = |delivered: &broker::Delivered| match delivered.body.as_slice() {
        b"{}" => Verdict::Done,
        _ => Verdict::Dead,
    };
    let (consuming, seen) = consumer(&broker.url(), &hub, judge);
    until("the consumer", || consuming.is_running()).await;
    let (_connection, channel) = channel(&broker).await;
    let publish = async |body: &[u8], properties: BasicProperties| {
        let (exchange, key) = (SHOP.exchange.into(), "order.created".into());
        let options = BasicPublishOptions::default();
        channel.basic_publish(exchange, key, options, body, properties).await.unwrap().await.unwrap();
    };
    publish(b"poison", poisonous()).await;
    let dead = dead_letter(&channel).await;
    let properties = &dead.delivery.properties;
    assert!(properties.headers().as_ref().is_none_or(|headers| headers.inner().is_empty()), "{properties:?}");
    assert_eq!((properties.expiration(), properties.priority()), (&None, &None));
    assert_eq!((properties.user_id(), properties.reply_to()), (&None, &None));
    assert_eq!((properties.delivery_mode(), properties.timestamp()), (&Some(2), &Some(1)));
    assert_eq!(properties.message_id().as_ref().map(|id| id.as_str().len()), Some(255));
    assert_eq!(properties.kind().as_ref().map(|kind| kind.as_str().len()), Some(255));

    // A later message has been worked on: had the dead letter come back, it would have been seen before.
    publish(b"{}", BasicProperties::default()).await;
    until("a later message", || seen.borrow().iter().any(|it| it.body == b"{}")).await;
    assert_eq!(seen.borrow().iter().filter(|it| it.body == b"poison").count(), 1);
    assert!(take(&channel).await.is_none(), "buried twice");
}

#[actix_web::test]
async fn a_dead_letter_finds_its_queue_when_somebody_has_removed_it() {
    let Some(broker) = rabbit::virtual_host() else { return };
    let (_inbox, hub) = sentry_as(Telemetry::On).await;
    let publisher = Publisher::start(address(&broker.url()), &hub);
    let (consuming, seen) = consumer(&broker.url(), &hub, |_| Verdict::Dead);
    until("the consumer", || consuming.is_running()).await;
    let (_connection, channel) = channel(&broker).await;
    let options = QueueDeleteOptions::default();
    channel.queue_delete(SHOP.dead_letters.into(), options).await.unwrap();
    publish(&hub, &publisher, 1);
    until("the delivery", || seen.borrow().len() == 1).await;
    let dead = loop {
        // Until the queue is there again, asking for it closes the channel.
        let (_connection, channel) = self::channel(&broker).await;
        let options = BasicGetOptions { no_ack: true };
        if let Ok(Some(dead)) = channel.basic_get(SHOP.dead_letters.into(), options).await {
            break dead;
        }
    };
    assert_eq!(dead.delivery.data, seen.borrow()[0].body);
    assert_eq!(seen.borrow().len(), 1);
}
