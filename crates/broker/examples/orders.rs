//! Two orders in one trace: a consumer understands the first, and the second becomes a dead letter.
//!
//! ```sh
//! cargo run -p broker --example orders
//! RABBITMQ_URL=amqp://127.0.0.1:5672 cargo run -p broker --example orders
//! ```
//!
//! Without `RABBITMQ_URL` the example starts a broker of its own, if RabbitMQ is installed. Where no broker answers, it
//! says so and ends.

#![allow(clippy::print_stdout, reason = "an example shows what happens")]

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use broker::{Address, Consuming, Delivered, Publisher, Queue, State, Topology, Verdict, consume};
use fixtures::rabbit::Broker;
use inbox::Inbox;
use sentry_context::client::{self, Config, Service};
use sentry_context::platform::Portable;
use sentry_context::sentry::{self, Hub, TransactionContext};
use serde_json::{Map, Value};
use tokio::time::{sleep, timeout};

/// How long the connections and the shutdown may take.
const PATIENCE: Duration = Duration::from_secs(10);

const ORDERS: Queue = Queue { name: "example.orders", binding: "order.created" };

static SHOP: Topology =
    Topology { exchange: "example", queues: &[ORDERS], dead_letters: "example.dead_letters" };

static SERVICE: Service = Service {
    name: "shop",
    release_name: "shop",
    in_app: &["orders"],
    panic_type: "Panic",
    fingerprint_rules: "",
    platform: &Portable,
};

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let given = std::env::var("RABBITMQ_URL").ok();
    let own = if given.is_none() { Broker::start() } else { None };
    let Some(url) = given.or_else(|| own.as_ref().map(Broker::url)) else {
        println!("skipped: RabbitMQ is not installed, and RABBITMQ_URL names no broker");
        return Ok(());
    };
    let inbox = Inbox::start().await?;
    let mut config = Config::from_env(&SERVICE)?;
    config.dsn = Some(inbox.dsn().parse()?);
    config.traces_sample_rate = 1.0;
    let hub = client::hub(&config);

    let address = Address::parse(Some(&url), "shop", &SHOP)?;
    let publisher = Publisher::start(address.clone(), &hub);
    let consuming = consume(address, &hub, &[ORDERS], read);
    if timeout(PATIENCE, connected(&publisher, &consuming)).await.is_err() {
        println!("skipped: no RabbitMQ answers within {PATIENCE:?}");
        return Ok(());
    }
    Hub::run(Arc::new(Hub::new_from_top(&hub)), || place_orders(&publisher));
    inbox.wait_until("the three transactions", |inbox| inbox.transactions().len() >= 3).await?;
    for transaction in inbox.transactions() {
        let trace = &transaction["contexts"]["trace"];
        println!("{} {}: trace {}", trace["op"], transaction["transaction"], trace["trace_id"]);
    }
    println!("unconfirmed messages: {}", publisher.finish(PATIENCE).await);
    Ok(())
}

async fn connected(publisher: &Publisher, consuming: &Consuming) {
    while publisher.state() != State::Up || !consuming.is_running() {
        sleep(Duration::from_millis(20)).await;
    }
}

/// What a request does: it publishes, and waits for nothing.
fn place_orders(publisher: &Publisher) {
    let transaction = sentry::start_transaction(TransactionContext::new("POST /orders", "http.server"));
    sentry::configure_scope(|scope| scope.set_span(Some(transaction.clone().into())));
    for article in [Value::from(7), Value::from("seven")] {
        publisher.publish("order.created", Map::from_iter([("article".to_owned(), article)]));
    }
    transaction.finish();
}

/// What a consumer does with a message: its verdict decides what becomes of it.
async fn read(delivered: Delivered) -> Verdict {
    let body: Option<Value> = serde_json::from_slice(&delivered.body).ok();
    let article = body.and_then(|body| body["article"].as_u64());
    let verdict = if article.is_some() { Verdict::Done } else { Verdict::Dead };
    println!("{}: article {article:?}: {verdict:?}", delivered.routing_key);
    verdict
}
