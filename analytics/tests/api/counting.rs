//! Each message counts once, by however many replicas, on whatever day, and into whatever document.

use fixtures::wait::until;
use std::time::{Duration, SystemTime};

use database::mongodb::Database;
use database::mongodb::bson::{Bson, DateTime, Decimal128, Document, doc};
use serde_json::{Value, json};

use crate::consumer::{stack, stack_on};
use crate::helpers::{Telemetry, spawn_app_with};

fn day_of(moment: SystemTime) -> String {
    DateTime::from(moment).try_to_rfc3339_string().unwrap()[..10].to_owned()
}

fn today() -> String {
    day_of(SystemTime::now())
}

fn payment(id: &str, amount: f64) -> String {
    let data = json!({ "_id": id, "userId": "alice", "amount": amount, "bet": amount, "payout": 0,
        "balance_after": 1, "timestamp": "2026-11-23T11:00:00Z" });
    json!({ "type": "debit", "data": data, "trace": {}, "timestamp": 1 }).to_string()
}

#[actix_web::test]
async fn a_message_that_is_published_twice_counts_once_whichever_replica_gets_it() {
    let Some(stack) = stack("replicas", Telemetry::On).await else { return };
    let (mongodb_url, rabbitmq) = stack.addresses();
    let second = spawn_app_with(|settings| {
        (settings.mongodb_url, settings.rabbitmq) = (Some(mongodb_url), rabbitmq);
    });
    let second = second.await;
    second.wait_for("the consumer", "/health", |health| health.body["consumer"] == "running").await;
    for number in 0..40 {
        // A copy comes at once, and another twenty messages later.
        for number in [number, number, number.max(20) - 20] {
            stack.publish("payment.debit", &payment(&format!("alice/{number}"), 1.0)).await;
            stack.game(&format!("game-{number}"), 1.0, 0.0).await;
        }
    }
    let worked = |app: &crate::helpers::App| {
        let consumed = |it: &&Value| it["contexts"]["trace"]["op"] == "queue.process";
        app.inbox.transactions().iter().filter(consumed).count()
    };
    until("240 messages are consumed", async || worked(&stack.app) + worked(&second) >= 240).await;
    assert!(worked(&second) > 0, "the second got none");
    // A message that came again has a transaction more: the last may still be on its way.
    let summary = async || second.get("/api/v1/analytics/realtime/summary").await.body;
    until("all are counted", async || {
        let reported = summary().await;
        reported["payments"]["total_debits"] == 40 && reported["today"]["total_games"] == 40
    })
    .await;
    let reported = summary().await;
    assert_eq!(reported["payments"]["debit_amount"], 40.0);
    assert_eq!(stack.all("daily_payments").await.len(), 1);
    assert_eq!(stack.errors(), Vec::<Value>::new());
}

#[actix_web::test]
async fn what_was_counted_before_midnight_is_not_counted_after_it() {
    let yesterday = day_of(SystemTime::now() - Duration::from_secs(86_400));
    let prepare = async |database: &Database| {
        for (name, id) in [("daily_payments", "alice/1"), ("daily_stats", "game-1")] {
            let day = doc! { "_id": &yesterday, "date": &yesterday, "total_games": 1, "counted": [id] };
            database.collection::<Document>(name).insert_one(day).await.unwrap();
        }
    };
    let Some(stack) = stack_on("midnight", Telemetry::On, prepare).await else { return };
    for number in [1, 2] {
        stack.publish("payment.debit", &payment(&format!("alice/{number}"), 1.0)).await;
        stack.game(&format!("game-{number}"), 1.0, 0.0).await;
    }
    let reported = stack.today_after(4, 2).await;
    assert_eq!(
        (&reported["payments"]["total_debits"], &reported["today"]["total_games"]),
        (&json!(1), &json!(1))
    );
}

/// What other programs may have left in place of a figure or a list.
fn odd() -> Vec<Bson> {
    let mut odd = vec![
        Bson::Null,
        "12.5".into(),
        vec![1, 2].into(),
        vec![vec![Bson::from("a")]].into(),
        doc! { "a": 1 }.into(),
        true.into(),
        DateTime::now().into(),
        Bson::MinKey,
        Bson::MaxKey,
    ];
    odd.extend([f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX].map(Bson::from));
    odd.extend([i64::MAX, i64::MIN].map(Bson::from));
    odd.push("1E+6000".parse::<Decimal128>().unwrap().into());
    odd
}

/// A document in which every figure and every list is that.
fn document(key: (&str, &str), odd: &Bson) -> Document {
    let figures = [
        "total_games",
        "total_bets",
        "total_payouts",
        "total_wins",
        "unique_players",
        "last_played",
        "total_credits",
        "credit_amount",
        "total_debits",
        "debit_amount",
        "counted",
    ];
    let fields = figures.map(|name| (name.to_owned(), odd.clone()));
    let key = (key.0.to_owned(), Bson::from(key.1));
    [key].into_iter().chain(fields).collect()
}

#[actix_web::test]
async fn good_messages_count_whatever_the_documents_hold() {
    let Some(stack) = stack("odd_documents", Telemetry::On).await else { return };
    for (round, odd) in odd().iter().enumerate() {
        let today = today();
        let documents = [
            ("daily_stats", ("date", &*today)),
            ("daily_payments", ("date", &today)),
            ("player_stats", ("user_id", "alice")),
        ];
        for (name, key) in documents {
            stack.replace(name, document(key, odd)).await;
        }
        for number in [1, 1, 2] {
            stack.game(&format!("game-{round}-{number}"), 2.0, 3.0).await;
            stack.publish("payment.debit", &payment(&format!("alice/{round}-{number}"), 1.5)).await;
        }
        let reported = stack.today_after(6 * (round + 1), 4).await;
        let of_games = &reported["today"];
        let games = (&of_games["total_games"], &of_games["total_bets"], &of_games["total_payouts"]);
        assert_eq!(games, (&json!(2), &json!(4.0), &json!(6.0)), "{odd}");
        let paid = (&reported["payments"]["total_debits"], &reported["payments"]["debit_amount"]);
        assert_eq!(paid, (&json!(2), &json!(3.0)), "{odd}");
        assert!(of_games["unique_players"].as_u64().unwrap() >= 1, "{odd}");
        let players = stack.all("player_stats").await;
        assert_eq!((players.len(), players[0].get_i32("total_games").unwrap()), (1, 2), "{odd}");
    }
    assert_eq!(stack.errors(), Vec::<Value>::new());
}
