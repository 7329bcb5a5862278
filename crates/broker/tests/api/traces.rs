//! The trace goes along.

use broker::{Publisher, State, Verdict};
use fixtures::rabbit;
use sentry_context::sentry::{self as sdk, Hub, Level};
use sentry_context::trace::TraceHeaders;
use serde_json::{Map, Value, json};

use crate::helpers::{address, consumer, publish, sentry, until};

#[actix_web::test]
async fn a_consumer_continues_the_publishers_trace_below_its_span() {
    let Some(broker) = rabbit::virtual_host() else { return };
    let (inbox, hub) = sentry().await;
    let publisher = Publisher::start(address(&broker.url()), &hub);
    let (consuming, seen) = consumer(&broker.url(), &hub, |_| Verdict::Done);
    let headers = publish(&hub, &publisher, 1);
    until("the delivery", || seen.borrow().len() == 1).await;
    assert!(consuming.is_running());
    assert_eq!(publisher.state(), State::Up);

    let both = |inbox: &inbox::Inbox| inbox.transactions().len() == 2;
    inbox.wait_until("both transactions", both).await.unwrap();
    let transactions = inbox.transactions();
    let of = |name: &str| transactions.iter().find(|it| it["transaction"] == name).unwrap();
    let (request, process) = (of("POST /orders"), of("shop.orders"));
    let span = &request["spans"][0];
    assert_eq!(span["op"], "queue.publish");
    assert_eq!(span["data"]["messaging.destination.name"], "order.created");
    let trace = &process["contexts"]["trace"];
    assert_eq!(trace["op"], "queue.process");
    assert_eq!(trace["trace_id"], headers.sentry_trace[..32]);
    assert_eq!(trace["parent_span_id"], span["span_id"]);
    assert_eq!(trace["data"]["messaging.message.id"], span["data"]["messaging.message.id"]);
    assert_eq!(trace["status"], "ok");

    let baggage = &headers.baggage;
    let members =
        ["sentry-trace_id=", "sentry-public_key=", "sentry-release=shop@test", "sentry-sampled=true"];
    assert!(members.iter().all(|member| baggage.contains(member)), "{baggage}");
}

#[actix_web::test]
async fn the_context_that_a_trace_came_with_goes_to_the_consumer_and_out_with_all_that_it_sends() {
    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    let Some(broker) = rabbit::virtual_host() else { return };
    let (inbox, hub) = sentry().await;
    let publisher = Publisher::start(address(&broker.url()), &hub);
    let (_consuming, seen) = consumer(&broker.url(), &hub, |_| {
        sdk::capture_message("not understood", Level::Error);
        Verdict::Done
    });
    let baggage =
        format!("sentry-trace_id={TRACE},sentry-public_key=front,sentry-release=a%2Cb,sentry-replay_id=r");
    let came = TraceHeaders {
        sentry_trace: format!("{TRACE}-00f067aa0ba902b7-1"),
        baggage: format!("other=x, {};p=1", baggage.replace('=', " = ")),
    };
    let request = std::sync::Arc::new(Hub::new_from_top(&hub));
    Hub::run(request.clone(), || {
        let transaction = sdk::start_transaction(came.continued("POST /orders", "http.server"));
        request.configure_scope(|scope| {
            scope.set_span(Some(transaction.clone().into()));
            came.bind(scope);
        });
        publisher.publish("order.created", Map::new());
        transaction.finish();
    });
    until("the delivery", || seen.borrow().len() == 1).await;
    let message: Value = serde_json::from_slice(&seen.borrow()[0].body).unwrap();
    assert_eq!(message["trace"]["baggage"], baggage);
    let all = |inbox: &inbox::Inbox| inbox.transactions().len() == 2 && inbox.events().len() == 1;
    inbox.wait_until("both transactions and the event", all).await.unwrap();
    let expected = json!({ "trace_id": TRACE, "public_key": "front", "release": "a,b", "replay_id": "r" });
    let mut sent = 0;
    for envelope in inbox.received_bytes() {
        let mut lines = envelope.split(|byte| *byte == b'\n').map(serde_json::from_slice::<Value>);
        let (headers, item) = (lines.next().unwrap().unwrap(), lines.next().unwrap().unwrap());
        if item["type"] == "transaction" || item["type"] == "event" {
            assert_eq!(headers["trace"], expected, "{item}");
            sent += 1;
        }
    }
    assert_eq!(sent, 3);
}

#[actix_web::test]
async fn a_message_whose_trace_is_none_begins_one() {
    let zeros = format!("{}-00f067aa0ba902b7-1", "0".repeat(32));
    for sentry_trace in [String::new(), "nonsense".to_owned(), zeros] {
        let headers = TraceHeaders { sentry_trace, baggage: "sentry-org_id=1".to_owned() };
        let context = headers.continued("queue", "queue.process");
        assert_ne!(context.trace_id().to_string(), "0".repeat(32), "{headers:?}");
    }
}
