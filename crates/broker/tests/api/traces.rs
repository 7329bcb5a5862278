//! The trace goes along.

use broker::{Publisher, State, Verdict};
use fixtures::rabbit::Broker;

use crate::helpers::{address, consumer, publish, sentry, until};

#[actix_web::test]
async fn a_consumer_continues_the_publishers_trace_below_its_span() {
    let Some(broker) = Broker::start() else { return };
    let (inbox, hub) = sentry().await;
    let publisher = Publisher::start(address(&broker.url()));
    let (consuming, seen) = consumer(&broker.url(), &hub, |_| Verdict::Done);
    let headers = publish(&hub, &publisher, 1);
    until("the delivery", || seen.borrow().len() == 1).await;
    assert!(consuming.is_running());
    assert_eq!(publisher.state(), State::Up);

    let both = |inbox: &inbox::Inbox| inbox.transactions().len() == 2;
    inbox.wait_until("both transactions", both).await.unwrap();
    let transactions = inbox.transactions();
    let of = |name: &str| transactions.iter().find(|it| it["transaction"] == name).unwrap();
    let (request, process) = (of("POST /spin"), of("analytics.game_results"));
    let span = &request["spans"][0];
    assert_eq!(span["op"], "queue.publish");
    assert_eq!(span["data"]["messaging.destination.name"], "game.result");
    let trace = &process["contexts"]["trace"];
    assert_eq!(trace["op"], "queue.process");
    assert_eq!(trace["trace_id"], headers.sentry_trace[..32]);
    assert_eq!(trace["parent_span_id"], span["span_id"]);
    assert_eq!(trace["data"]["messaging.message.id"], span["data"]["messaging.message.id"]);
    assert_eq!(trace["status"], "ok");

    let baggage = &headers.baggage;
    let members =
        ["sentry-trace_id=", "sentry-public_key=", "sentry-release=shop%40test", "sentry-sampled=true"];
    assert!(members.iter().all(|member| baggage.contains(member)), "{baggage}");
}
