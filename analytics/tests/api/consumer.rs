//! Messages, by a real broker into a real database.

use std::time::Duration;

use database::mongodb::bson::{DateTime, Document, doc};
use database::mongodb::options::IndexOptions;
use database::mongodb::{Client, Database, IndexModel};
use fixtures::rabbit::{self, VirtualHost};
use futures_util::StreamExt;
use inbox::Inbox;
use lapin::options::{BasicGetOptions, BasicPublishOptions};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use serde_json::{Value, json};
use service::topology::TOPOLOGY;

use crate::helpers::{App, Telemetry, spawn_app_as};

/// A wait for something that never happens fails the test after this time.
const PATIENCE: Duration = Duration::from_secs(120);

/// An app that consumes, its broker, and its database.
pub(crate) struct Stack {
    pub(crate) app: App,
    telemetry: Telemetry,
    url: String,
    database: Database,
    channel: Channel,
    _connection: Connection,
    broker: VirtualHost,
}

pub(crate) async fn stack(name: &str, telemetry: Telemetry) -> Option<Stack> {
    stack_on(name, telemetry, async |_| ()).await
}

/// On a database in which something is already.
pub(crate) async fn stack_on(
    name: &str,
    telemetry: Telemetry,
    prepare: impl AsyncFnOnce(&Database),
) -> Option<Stack> {
    let url = fixtures::mongo::database(&format!("{name}_{telemetry:?}"))?;
    let broker = rabbit::virtual_host()?;
    let database = Client::with_uri_str(&url).await.unwrap().default_database().unwrap();
    prepare(&database).await;
    let app = spawn_app_as(telemetry, |settings| {
        settings.mongodb_url = Some(url.clone());
        settings.rabbitmq = broker::Address::parse(Some(&broker.url()), "test", &TOPOLOGY).unwrap();
    });
    let app = app.await;
    app.wait_for("the consumer", "/health", |health| health.body["consumer"] == "running").await;
    let connection = Connection::connect(&broker.url(), ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    Some(Stack { app, telemetry, url, database, channel, _connection: connection, broker })
}

impl Stack {
    /// For another replica: the database, and the broker.
    pub(crate) fn addresses(&self) -> (String, Option<broker::Address>) {
        (self.url.clone(), broker::Address::parse(Some(&self.broker.url()), "test", &TOPOLOGY).unwrap())
    }

    pub(crate) async fn publish(&self, key: &str, body: &str) {
        let (options, properties) = (BasicPublishOptions::default(), BasicProperties::default());
        let body = body.as_bytes();
        self.channel.basic_publish("gaming".into(), key.into(), options, body, properties).await.unwrap();
    }

    pub(crate) async fn game(&self, id: &str, bet: f64, payout: f64) {
        let data = json!({ "_id": id, "user_id": "alice", "bet": bet, "payout": payout, "win": payout > 0.0,
            "symbols": ["🍒", "🍒", "🍒"], "timestamp": 1.0 });
        self.publish("game.result", &json!({ "data": data, "timestamp": 1.0 }).to_string()).await;
    }

    /// Today's figures, once so many messages have been worked on, and so many games and payments are counted. Each
    /// message has a transaction of its own, where these are sent.
    pub(crate) async fn today_after(&self, messages: usize, counted: u64) -> Value {
        if self.telemetry == Telemetry::On {
            let consumed = |it: &&Value| it["contexts"]["trace"]["op"] == "queue.process";
            let all = |inbox: &Inbox| inbox.transactions().iter().filter(consumed).count() >= messages;
            self.app.inbox.wait_until("a transaction of each message", all).await.unwrap();
        }
        let wait = async {
            loop {
                let reported = self.app.get("/api/v1/analytics/realtime/summary").await.body;
                // On a busy machine a query may take too long.
                let of = |part: &str, name: &str| reported[part][name].as_u64().unwrap_or_default();
                let payments = of("payments", "total_credits") + of("payments", "total_debits");
                if of("today", "total_games") + payments >= counted {
                    return reported;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.expect("so many are counted")
    }

    /// The errors of messages. Requests of the test may fail as well: on a busy machine, a query of
    /// [`Self::today_after`] takes too long, which is an error of its own.
    pub(crate) fn errors(&self) -> Vec<Value> {
        self.app.inbox.events().into_iter().filter(is_error_of_a_message).collect()
    }

    /// Puts one document in place of all.
    pub(crate) async fn replace(&self, collection: &str, document: Document) {
        let documents = self.database.collection::<Document>(collection);
        documents.delete_many(doc! {}).await.unwrap();
        documents.insert_one(document).await.unwrap();
    }

    pub(crate) async fn all(&self, collection: &str) -> Vec<Document> {
        let found = self.database.collection::<Document>(collection).find(doc! {}).await.unwrap();
        found.map(Result::unwrap).collect().await
    }
}

/// Not one of a database that a busy machine lets answer too late: its message is delivered again.
fn is_error_of_a_message(event: &Value) -> bool {
    let is_late = event["exception"]["values"][0]["type"] == "MongoConnectionError";
    event["level"] == "error" && event["tags"]["queue"].is_string() && !is_late
}

#[actix_web::test]
async fn the_golden_messages_make_the_golden_figures() {
    for telemetry in Telemetry::ALL {
        makes_the_golden_figures(telemetry).await;
    }
}

async fn makes_the_golden_figures(telemetry: Telemetry) {
    let Some(stack) = stack("messages", telemetry).await else { return };
    let seed: Value = serde_json::from_str(include_str!("../fixtures/seed.json")).unwrap();
    let golden: Value = serde_json::from_str(include_str!("../fixtures/analytics.json")).unwrap();
    let first = |name: &str| seed[name].as_array().unwrap().iter().take(10).cloned().collect::<Vec<_>>();
    for (number, mut game) in first("games").into_iter().enumerate() {
        game["_id"] = format!("game-{number}").into();
        stack
            .publish("game.result", &json!({ "data": game, "trace": {}, "timestamp": 1.0 }).to_string())
            .await;
    }
    // With an id, so that a message which a slow database lets come twice counts once.
    for (number, paid) in first("transactions").into_iter().enumerate() {
        let kind = if paid["type"] == "WIN" { "credit" } else { "debit" };
        let data = json!({ "_id": format!("payment-{number}"), "userId": paid["user_id"], "amount": paid["amount"], "bet": paid["bet"],
            "payout": paid["payout"], "balance_after": paid["balance_after"], "timestamp": "2026-11-23T11:00:00Z" });
        let body = json!({ "type": kind, "data": data, "trace": {}, "timestamp": 1 }).to_string();
        stack.publish(&format!("payment.{kind}"), &body).await;
    }
    let summary = &golden["responses"]["/api/v1/analytics/realtime/summary"];
    let reported = stack.today_after(20, 20).await;
    for part in ["today", "payments"] {
        for (name, figure) in summary[part].as_object().unwrap() {
            assert_eq!(reported[part][name].as_f64(), figure.as_f64(), "{part}.{name}");
        }
    }
    let players = stack.all("player_stats").await;
    let alice = players.iter().find(|it| it.get_str("user_id").is_ok_and(|name| name == "alice")).unwrap();
    assert_eq!((alice.get_i32("total_games").unwrap(), alice.get_f64("total_payouts").unwrap()), (2, 2.0));
    assert!(alice.get_datetime("last_played").is_ok());
    assert_eq!(stack.errors(), Vec::<Value>::new());
}

#[actix_web::test]
async fn a_game_that_is_reported_twice_counts_once() {
    for telemetry in Telemetry::ALL {
        counts_once(telemetry).await;
    }
}

async fn counts_once(telemetry: Telemetry) {
    let Some(stack) = stack("twice", telemetry).await else { return };
    for number in 0..20 {
        stack.game(&format!("game-{}", number % 10), 1.0, 0.0).await;
    }
    let reported = stack.today_after(20, 10).await;
    assert_eq!(reported["today"]["total_games"], 10);
    assert_eq!(stack.all("daily_stats").await.len(), 1);
    assert_eq!(stack.all("player_stats").await[0].get_i32("total_games").unwrap(), 10);
}

#[actix_web::test]
async fn a_database_that_another_program_filled_counts_each_game_once() {
    let today = &DateTime::now().try_to_rfc3339_string().unwrap()[..10];
    let prepare = async |database: &Database| {
        let days = database.collection::<Document>("daily_stats");
        let index = IndexModel::builder().keys(doc! { "date": 1 }).build();
        days.create_index(index).await.unwrap();
        // That program has no index that forbids it.
        let day = doc! { "date": today, "total_games": 0, "total_bets": 0.0, "unique_players": ["bob"] };
        days.insert_many([day.clone(), day]).await.unwrap();
        let players = database.collection::<Document>("player_stats");
        let unique = IndexOptions::builder().unique(true).build();
        let index = IndexModel::builder().keys(doc! { "user_id": 1 }).options(unique).build();
        players.create_index(index).await.unwrap();
        players.insert_one(doc! { "user_id": "alice", "total_games": 1 }).await.unwrap();
    };
    let Some(stack) = stack_on("filled", Telemetry::On, prepare).await else { return };
    for _ in 0..2 {
        stack.game("game-1", 1.0, 0.0).await;
        stack.game("game-2", 1.0, 0.0).await;
    }
    let reported = stack.today_after(4, 2).await;
    assert_eq!(reported["today"]["total_games"], 2);
    assert_eq!(stack.all("daily_stats").await.len(), 2);
    let players = stack.all("player_stats").await;
    assert_eq!((players.len(), players[0].get_i32("total_games").unwrap()), (1, 3));
    assert_eq!(stack.errors(), Vec::<Value>::new());
}

#[actix_web::test]
async fn of_many_messages_the_poisoned_one_is_dead_with_one_event_and_all_others_count() {
    for telemetry in Telemetry::ALL {
        buries_the_poisoned_one(telemetry).await;
    }
}

async fn buries_the_poisoned_one(telemetry: Telemetry) {
    let Some(stack) = stack("poison", telemetry).await else { return };
    for number in 0..200 {
        match number {
            77 => {
                stack.publish("game.result", r#"{"data":{"_id":"poison","user_id":"eve","bet":"all"}}"#).await
            }
            _ => stack.game(&format!("game-{number}"), 1.0, 0.0).await,
        }
    }
    let reported = stack.today_after(200, 199).await;
    assert_eq!(reported["today"]["total_games"], 199);
    if telemetry != Telemetry::Off {
        is_reported_in_one_event(&stack).await;
    }

    let get = async || {
        let options = BasicGetOptions { no_ack: true };
        stack.channel.basic_get("analytics.dead_letters".into(), options).await.unwrap()
    };
    // It is buried after its transaction.
    let dead = loop {
        if let Some(dead) = get().await {
            break dead;
        }
    };
    assert!(String::from_utf8_lossy(&dead.delivery.data).contains("poison"));
    assert!(get().await.is_none());
}

async fn is_reported_in_one_event(stack: &Stack) {
    let event = stack.app.event("the event", is_error_of_a_message).await;
    assert_eq!(event["exception"]["values"][0]["type"], "MessageError");
    assert_eq!(event["fingerprint"], json!(["analytics", "dead-letter", "analytics.game_results"]));
    assert_eq!(event["transaction"], "analytics.game_results");
    let context = &event["contexts"]["message"];
    assert_eq!(context["dead_letters"], "analytics.dead_letters");
    assert!(context["reason"].as_str().unwrap().contains("expected f64"), "{context}");
    let errors = stack.errors();
    assert_eq!(errors.len(), 1, "{errors:#?}");
}
