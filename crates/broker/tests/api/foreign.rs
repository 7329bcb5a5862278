//! Messages whose properties no library of ours would write.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Instant;

use broker::{Delivered, Verdict, consume};
use fixtures::app::Telemetry;
use fixtures::rabbit::Broker;
use lapin::options::BasicGetOptions;
use lapin::{Connection, ConnectionProperties};

use crate::helpers::{ORDERS, PATIENCE, REFUNDS, SHOP, address, sentry_as, until};
use crate::raw::{RawPublisher, long, text};

const HEADERS: u16 = 0x2000;

/// An entry of a table.
fn entry(name: &[u8], kind: u8, value: &[u8]) -> Vec<u8> {
    [&text(name)[..], &[kind], value].concat()
}

/// Routing key, flags, and properties, in the order of the flags.
fn odd() -> BTreeMap<&'static str, (Vec<u8>, u16, Vec<u8>)> {
    let key = || b"order.created".to_vec();
    let bytes = text(b"\xff\xfe\x80odd");
    let table = |entries: Vec<u8>| (key(), HEADERS, long(&entries));
    let mut deep = entry(b"end", b'V', b"");
    for _ in 0..20_000 {
        deep = entry(b"", b'F', &long(&deep));
    }
    let mut lists = b"V".to_vec();
    for _ in 0..24_000 {
        lists = [&b"A"[..], &long(&lists)].concat();
    }
    let wide: Vec<_> = (0..9_000_u32).flat_map(|it| entry(&it.to_be_bytes(), b'I', &[0; 4])).collect();
    let copies = |name: &[u8]| {
        let keys = [&b"S"[..], &long(b"order.created"), b"S", &long(b"refund.\xff")].concat();
        entry(name, b'A', &long(&keys))
    };
    let others = [
        entry(b"\xff", b'S', &long(b"\xff\xfe")),
        entry(b"sentry-trace", b'S', &long(&[0xff; 500])),
        entry(b"baggage", b'F', &long(&entry(b"\x80", b'd', &1.5_f64.to_be_bytes()))),
        entry(b"when", b'T', &[0xff; 8]),
        entry(b"decimal", b'D', &[255; 5]),
        entry(b"bytes", b'x', &long(b"\xff")),
        entry(b"x-death", b'S', &long(b"none")),
    ];
    // Type and encoding of the content, correlation, reply, name of the message, type, application, cluster.
    let all = [bytes.clone(), text(b"gzip"), long(b""), vec![2], vec![255]];
    let all = all.into_iter().chain(vec![bytes.clone(); 2]).chain([
        text(b"86400000"),
        bytes.clone(),
        vec![0xff; 8],
    ]);
    let all = all.chain([bytes.clone(), text(b"guest"), bytes.clone(), bytes.clone()]).collect::<Vec<_>>();
    BTreeMap::from([
        ("key", (b"refund.\xff\xfe".to_vec(), 0, Vec::new())),
        ("all", (key(), 0xfffc, all.concat())),
        ("deep", table(deep)),
        ("lists", table(entry(b"lists", b'A', &long(&lists)))),
        ("wide", table(wide)),
        ("copies", table([copies(b"CC"), copies(b"BCC")].concat())),
        ("others", table(others.concat())),
        ("expires", (key(), 0x0100, text(b"3600000"))),
    ])
}

#[actix_web::test]
async fn no_property_of_a_foreign_message_ends_consuming_and_each_is_one_dead_letter() {
    let Some(broker) = Broker::start() else { return };
    let (_inbox, hub) = sentry_as(Telemetry::On).await;
    let seen: Rc<RefCell<Vec<Delivered>>> = Rc::default();
    let into = Rc::clone(&seen);
    let queues = [ORDERS, REFUNDS];
    let consuming = consume(address(&broker.url()), &hub, &queues, async move |delivered: Delivered| {
        let verdict = if delivered.body == b"{}" { Verdict::Done } else { Verdict::Dead };
        into.borrow_mut().push(delivered);
        verdict
    });
    until("the consumers", || consuming.is_running()).await;
    let url = broker.url();
    let published = actix_web::rt::task::spawn_blocking(move || {
        let mut publisher = RawPublisher::connect(&url);
        for (name, (key, flags, properties)) in odd() {
            publisher.publish(&key, flags, &properties, name.as_bytes());
        }
        publisher.publish(b"order.created", 0, b"", b"{}");
        publisher.publish(b"refund.granted", 0, b"", b"{}");
    });
    published.await.unwrap();
    let worked = || seen.borrow().iter().filter(|it| it.body == b"{}").count();
    until("what came after them", || worked() == 2).await;

    // The copies are messages of their own: the broker has made one for each queue, by either header.
    let mut expected: Vec<_> = odd().keys().map(|name| name.as_bytes().to_vec()).collect();
    expected.push(b"copies".to_vec());
    expected.sort();
    let mut dead = Vec::new();
    let connection = Connection::connect(&broker.url(), ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    let began = Instant::now();
    while dead.len() < expected.len() {
        assert!(began.elapsed() < PATIENCE, "{} dead letters", dead.len());
        let options = BasicGetOptions { no_ack: true };
        if let Some(found) = channel.basic_get(SHOP.dead_letters.into(), options).await.unwrap() {
            dead.push(found.delivery.data.clone());
        }
    }
    dead.sort();
    assert_eq!(dead, expected);
    let left = channel.basic_get(SHOP.dead_letters.into(), BasicGetOptions { no_ack: true });
    assert!(left.await.unwrap().is_none(), "buried twice");
    assert_eq!(seen.borrow().len(), expected.len() + 2);
    let seen = seen.borrow();
    let of = |body: &[u8]| seen.iter().find(|it| it.body == body).unwrap();
    assert_eq!(of(b"key").routing_key, "refund.??");
    assert_eq!(of(b"all").id.as_deref(), Some("???odd"));
    assert!(consuming.is_running());
}
