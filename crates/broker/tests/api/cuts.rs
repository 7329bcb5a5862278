//! Connections that are cut between a service and its broker.

use std::collections::BTreeSet;
use std::time::Duration;

use broker::{Publisher, Verdict};
use fixtures::proxy::Proxy;
use fixtures::rabbit;

use crate::helpers::{address, consumer, number, publish, sentry, until};

#[actix_web::test]
async fn what_is_published_over_connections_that_are_cut_is_sent_again() {
    let Some(broker) = rabbit::virtual_host() else { return };
    let (_inbox, hub) = sentry().await;
    let proxy = Proxy::start(&broker.url(), None).await;
    let publisher = Publisher::start(address(&proxy.url()), &hub);
    let (_consuming, seen) = consumer(&proxy.url(), &hub, |_| Verdict::Done);
    let numbers = || seen.borrow().iter().map(number).collect::<BTreeSet<_>>();
    for round in 0..5 {
        (round * 100..round * 100 + 50).for_each(|number| drop(publish(&hub, &publisher, number)));
        // Some are confirmed, some are on their way, some are delivered and not acknowledged.
        until("some deliveries", || numbers().len() > round * 100).await;
        proxy.cut_all();
        (round * 100 + 50..round * 100 + 100).for_each(|number| drop(publish(&hub, &publisher, number)));
        until("all of them", || numbers().len() == round * 100 + 100).await;
    }
    assert_eq!(publisher.finish(Duration::from_secs(30)).await, 0);
    assert!(proxy.cuts() >= 5, "{}", proxy.cuts());
}
