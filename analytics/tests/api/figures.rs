//! Figures of the business that are not what they are when all is well.

use database::mongodb::Client;
use database::mongodb::bson::{DateTime, Document, doc};
use serde_json::{Value, json};

use crate::helpers::{App, spawn_app_on};

/// An app on a database of its own with games of one player, and their transactions, of just now.
async fn played(name: &str, rounds: &[(f64, f64)]) -> Option<App> {
    let url = fixtures::mongo::database(name)?;
    let database = Client::with_uri_str(&url).await.unwrap().default_database().unwrap();
    let now = DateTime::now();
    let seconds = now.timestamp_millis() as f64 / 1e3;
    let game = |(bet, payout): &(f64, f64)| doc! { "user_id": "alice", "bet": bet, "payout": payout, "win": *payout > 0.0, "timestamp": seconds };
    let transaction = |(bet, payout): &(f64, f64)| {
        let kind = if payout > bet { "WIN" } else { "LOSS" };
        doc! { "user_id": "alice", "type": kind, "amount": (payout - bet).abs(), "bet": bet, "payout": payout, "timestamp": now }
    };
    let games: Vec<Document> = rounds.iter().map(game).collect();
    let transactions: Vec<Document> = rounds.iter().map(transaction).collect();
    database.collection("games").insert_many(games).await.unwrap();
    database.collection("transactions").insert_many(transactions).await.unwrap();
    let sum = |of: fn(&(f64, f64)) -> f64| rounds.iter().map(of).sum::<f64>();
    let today = now.try_to_rfc3339_string().unwrap()[..10].to_owned();
    let wins = rounds.iter().filter(|(_, payout)| *payout > 0.0).count() as i64;
    let day = doc! { "date": &today, "total_games": rounds.len() as i64, "total_bets": sum(|it| it.0),
    "total_payouts": sum(|it| it.1), "total_wins": wins, "unique_players": ["alice"] };
    let paid = doc! { "date": today, "total_credits": 1, "credit_amount": sum(|it| it.1), "total_debits": 1, "debit_amount": sum(|it| it.0) };
    database.collection("daily_stats").insert_one(day).await.unwrap();
    database.collection("daily_payments").insert_one(paid).await.unwrap();
    Some(spawn_app_on(url).await)
}

async fn poll(app: &App) {
    for path in [
        "/api/v1/business-metrics/rtp",
        "/api/v1/business-metrics/financial-summary",
        "/api/v1/analytics/realtime/summary",
    ] {
        assert_eq!(app.get(path).await.status, 200);
    }
}

fn figures(events: &[Value]) -> Vec<&str> {
    let mut figures: Vec<_> =
        events.iter().map(|event| event["tags"]["error.type"].as_str().unwrap()).collect();
    figures.sort_unstable();
    figures
}

#[actix_web::test]
async fn a_live_figure_out_of_range_is_one_warning_however_often_it_is_asked_for() {
    let Some(app) = played("anomalies", &[(10.0, 1_000.0), (10.0, 5.0)]).await else { return };
    for _ in 0..20 {
        poll(&app).await;
    }
    app.inbox.wait_until("three warnings", |inbox| inbox.events().len() >= 3).await.unwrap();
    // A last call's transaction is sent after whatever was sent before it.
    app.get("/api/v1/business-metrics/rtp?hours=1").await;
    app.inbox.wait_until("all transactions", |inbox| inbox.transactions().len() == 61).await.unwrap();
    let events = app.inbox.events();
    assert_eq!(figures(&events), ["revenue", "rtp", "win_rate"]);
    for event in &events {
        assert_eq!((&event["level"], &event["fingerprint"][1]), (&json!("warning"), &json!("business")));
        let figure = event["tags"]["error.type"].as_str().unwrap();
        assert_eq!(event["fingerprint"][2], figure);
        assert!(event["contexts"][figure]["value"].is_number(), "{event}");
        assert!(event["transaction"].as_str().unwrap().starts_with("GET /api/v1/"), "{event}");
    }
    let rtp = events.iter().find(|event| event["tags"]["error.type"] == "rtp").unwrap();
    assert_eq!(rtp["contexts"]["rtp"]["value"], 5_025.0);
}

#[actix_web::test]
async fn live_figures_in_their_range_send_nothing() {
    let mut rounds = vec![(10.0, 0.0); 7];
    rounds.extend([(10.0, 30.0); 3]);
    let Some(app) = played("all_is_well", &rounds).await else { return };
    poll(&app).await;
    app.inbox.wait_until("all transactions", |inbox| inbox.transactions().len() == 3).await.unwrap();
    assert_eq!(app.inbox.events(), Vec::<Value>::new());
}
