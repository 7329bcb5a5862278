//! Two services on a broker, and the inbox that they say.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use broker::{Address, Consuming, Delivered, Publisher, Queue, Topology, Verdict, consume};
use fixtures::app::Telemetry;
use inbox::{Inbox, Options};
use sentry_context::client::{self, Config, Delivery, Service};
use sentry_context::platform::Portable;
use sentry_context::profile::Profiling;
use sentry_context::sentry::{self, Hub, TransactionContext};
use sentry_context::trace::TraceHeaders;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

/// A wait for something that never happens fails the test after this time.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) const ORDERS: Queue = Queue { name: "shop.orders", binding: "order.created" };
pub(crate) const REFUNDS: Queue = Queue { name: "shop.refunds", binding: "refund.*" };

pub(crate) static SHOP: Topology =
    Topology { exchange: "shop", queues: &[ORDERS, REFUNDS], dead_letters: "shop.dead_letters" };

static SERVICE: Service = Service {
    name: "shop",
    release_name: "shop",
    in_app: &["api"],
    panic_type: "Panic",
    fingerprint_rules: "",
    platform: &Portable,
};

/// A Sentry client, and where its events go.
pub(crate) async fn sentry() -> (Inbox, Arc<Hub>) {
    sentry_as(Telemetry::On).await
}

/// One that sends less.
pub(crate) async fn sentry_as(telemetry: Telemetry) -> (Inbox, Arc<Hub>) {
    let inbox = Inbox::start_with(Options { keep_raw: true, ..Options::default() }).await.unwrap();
    let config = Config {
        service: &SERVICE,
        dsn: telemetry.dsn(&inbox.dsn()).map(|dsn| dsn.parse().unwrap()),
        release: "shop@test".to_owned(),
        environment: "test".to_owned(),
        traces_sample_rate: telemetry.traces_sample_rate(),
        rules: "".parse().unwrap(),
        delivery: Delivery::default(),
        stall_threshold: client::STALL_THRESHOLD,
        profiling: Profiling::default(),
    };
    let hub = client::hub(&config);
    (inbox, hub)
}

/// No system gives this port to anybody.
pub(crate) const NOBODY: &str = "amqp://127.0.0.1:1";

pub(crate) fn address(url: &str) -> Option<Address> {
    Address::parse(Some(url), "test", &SHOP).unwrap()
}

/// Publishes `{"data": {"number": n}}` as part of a transaction, whose headers come back.
pub(crate) fn publish(hub: &Arc<Hub>, publisher: &Publisher, number: usize) -> TraceHeaders {
    let hub = Arc::new(Hub::new_from_top(hub));
    Hub::run(Arc::clone(&hub), || {
        let transaction = sentry::start_transaction(TransactionContext::new("POST /orders", "http.server"));
        hub.configure_scope(|scope| scope.set_span(Some(transaction.clone().into())));
        let Value::Object(body) = json!({ "data": { "number": number } }) else { unreachable!() };
        publisher.publish("order.created", body);
        let headers = TraceHeaders::of(&transaction.clone().into());
        transaction.finish();
        headers
    })
}

/// What was consumed, in order.
pub(crate) type Seen = Rc<RefCell<Vec<Delivered>>>;

/// Consumes orders; `judge` gets what was seen of a delivery's body so far, with it.
pub(crate) fn consumer(
    url: &str,
    hub: &Arc<Hub>,
    judge: impl Fn(&Delivered) -> Verdict + Clone + 'static,
) -> (Consuming, Seen) {
    let seen = Seen::default();
    let into = Rc::clone(&seen);
    let consuming = consume(address(url), hub, &[ORDERS], async move |delivered| {
        let verdict = judge(&delivered);
        into.borrow_mut().push(delivered);
        verdict
    });
    (consuming, seen)
}

pub(crate) fn number(delivered: &Delivered) -> u64 {
    let body: Value = serde_json::from_slice(&delivered.body).unwrap();
    body["data"]["number"].as_u64().unwrap()
}

/// Waits until that holds.
pub(crate) async fn until(what: &str, holds: impl Fn() -> bool) {
    let wait = async {
        while !holds() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("{what}: not within {PATIENCE:?}"));
}
