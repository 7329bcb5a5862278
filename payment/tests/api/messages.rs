//! What is published about payments, and when it is published again.

use std::time::{Duration, SystemTime};

use broker::{Address, Publisher, Verdict, consume};
use database::mongodb::Database;
use database::mongodb::bson::{DateTime, Document, doc};
use fixtures::rabbit::{self, VirtualHost};
use payment::domain::ledger::{self, Booked, Booking};
use payment::domain::money::Money;
use sentry_context::sentry::Hub;
use serde_json::Value;
use service::topology::{PAYMENTS, TOPOLOGY};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

use crate::books::{all, database_of};
use crate::helpers::connect;

/// A wait for something that never happens fails the test after this time.
const PATIENCE: Duration = Duration::from_secs(60);

/// Everything that a broker gets about payments.
pub(crate) struct Messages {
    arriving: UnboundedReceiver<Value>,
    /// Those that arrived before the one that was waited for.
    passed: Vec<Value>,
}

impl Messages {
    pub(crate) fn of(broker: &VirtualHost) -> Self {
        let (reported, messages) = unbounded_channel();
        consume(address(broker), &Hub::current(), &[PAYMENTS], async move |delivered| {
            reported.send(serde_json::from_slice(&delivered.body).unwrap()).unwrap();
            Verdict::Done
        });
        Self { arriving: messages, passed: Vec::new() }
    }

    /// The next one.
    pub(crate) async fn next(&mut self) -> Value {
        timeout(PATIENCE, self.arriving.recv()).await.expect("a message in time").unwrap()
    }

    /// One about this player, whether it has arrived already or not.
    pub(crate) async fn of_user(&mut self, user: &str) -> Value {
        loop {
            if let Some(found) = self.passed.iter().find(|message| message["data"]["userId"] == user) {
                return found.clone();
            }
            let next = self.next().await;
            self.passed.push(next);
        }
    }
}

pub(crate) fn address(broker: &VirtualHost) -> Option<Address> {
    Address::parse(Some(&broker.url()), "test", &TOPOLOGY).unwrap()
}

fn booking(key: &str) -> Booking {
    Booking::new("alice".to_owned(), Money::cents(100), Money::cents(350), Some(key.to_owned()))
}

/// An account that remembers a payment which was booked so long ago, by a process that ended right then.
async fn booked(database: &Database, key: &str, ago: Duration) {
    let at = DateTime::from(SystemTime::now() - ago);
    let id = format!("alice/{key}");
    let entry = doc! { "_id": &id, "call": "another", "bet": 1.0, "payout": 3.5, "balance_after": 1002.5, "timestamp": at };
    let row = doc! { "_id": &id, "user_id": "alice", "type": "WIN", "amount": 2.5, "bet": 1.0, "payout": 3.5,
    "balance_after": 1002.5, "timestamp": at };
    let change = doc! { "$set": { "balance": 1002.5 }, "$push": { "recent": entry, "pending": row } };
    let users = database.collection::<Document>("users");
    users.update_one(doc! { "_id": "alice" }, change).upsert(true).await.unwrap();
}

#[actix_web::test]
async fn a_call_that_is_repeated_publishes_what_its_process_may_have_left_unpublished() {
    let (Some((url, database)), Some(broker)) = (database_of("republished").await, rabbit::virtual_host())
    else {
        return;
    };
    let own = connect(Some(&url)).await;
    let publisher = Publisher::start(address(&broker), &Hub::current());
    let mut messages = Messages::of(&broker);
    let replayed = async |key: &str| ledger::replay(&own, &publisher, &booking(key)).await.unwrap();
    let then = Some(Booked::Replayed(Money::cents(100_250)));
    // No service runs: nothing but the repeated call can publish them.
    booked(&database, "note", Duration::ZERO).await;
    assert_eq!(replayed("note").await, then);
    let message = messages.next().await;
    assert_eq!((&message["type"], &message["data"]["_id"]), (&"credit".into(), &"alice/note".into()));
    let data = &message["data"];
    assert_eq!((data["amount"].as_f64(), data["balance_after"].as_f64()), (Some(2.5), Some(1002.5)));
    assert_eq!((&data["userId"], data["bet"].as_f64()), (&"alice".into(), Some(1.0)));

    // Nobody knows the messages of long ago any more: they would be counted twice.
    booked(&database, "old", Duration::from_secs(3_600)).await;
    assert_eq!(replayed("old").await, then);
    // The same by its row.
    let row = doc! { "_id": "alice/row", "user_id": "alice", "type": "WIN", "amount": 2.5, "bet": 1.0, "payout": 3.5,
    "balance_after": 1002.5, "timestamp": DateTime::now() };
    database.collection::<Document>("transactions").insert_one(row).await.unwrap();
    assert_eq!(replayed("row").await, then);
    assert_eq!(messages.next().await["data"]["_id"], "alice/row");
}

#[actix_web::test]
async fn rows_that_are_settled_are_published() {
    let (Some((url, database)), Some(broker)) = (database_of("settled").await, rabbit::virtual_host()) else {
        return;
    };
    let own = connect(Some(&url)).await;
    let publisher = Publisher::start(address(&broker), &Hub::current());
    let mut messages = Messages::of(&broker);
    booked(&database, "fresh", Duration::ZERO).await;
    booked(&database, "abandoned", Duration::from_secs(3_600)).await;
    // Of a shape that says nothing: it is written as it is, and not published.
    let odd = doc! { "_id": "odd", "type": "WIN", "timestamp": DateTime::from_millis(0) };
    let users = database.collection::<Document>("users");
    users.insert_one(doc! { "_id": "bob", "balance": 1.0, "pending": [odd] }).await.unwrap();
    assert_eq!(ledger::settle(&own, &publisher).await.unwrap(), 2);
    assert_eq!(messages.next().await["data"]["_id"], "alice/abandoned");
    assert_eq!(publisher.finish(PATIENCE).await, 0);
    assert_eq!(all(&database, "transactions").await.len(), 2);
    // The fresh one is its process's own, which publishes it.
    let fresh = ledger::replay(&own, &publisher, &booking("fresh")).await.unwrap();
    assert!(fresh.is_some());
    assert_eq!(messages.next().await["data"]["_id"], "alice/fresh");
}
