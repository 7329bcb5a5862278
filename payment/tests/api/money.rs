//! Amounts: exact to the cent, wherever they are read.

use database::mongodb::Database;
use database::mongodb::bson::{Document, doc};
use serde_json::json;

use crate::books::{all, books, books_on, pay};

#[actix_web::test]
async fn ten_credits_of_ten_cents_are_one_to_the_last_bit() {
    let Some((app, database)) = books("ten_cents", |_| ()).await else { return };
    let expected = [1000.1, 1000.2, 1000.3, 1000.4, 1000.5, 1000.6, 1000.7, 1000.8, 1000.9, 1001.0];
    for balance in expected {
        let paid = pay(&app, json!({ "userId": "alice", "bet": 0, "payout": 0.1 })).await;
        assert_eq!(paid.body["newBalance"], json!(balance));
        assert_eq!(all(&database, "users").await[0].get_f64("balance").unwrap(), balance);
    }
    let rows = all(&database, "transactions").await;
    let after: Vec<_> = rows.iter().map(|row| row.get_f64("balance_after").unwrap()).collect();
    assert_eq!(after, expected);
    assert!(rows.iter().all(|row| row.get_f64("amount").unwrap() == 0.1), "{rows:?}");
}

#[actix_web::test]
async fn amounts_near_the_bounds_and_with_more_decimals_are_exact_to_the_cent() {
    let prepare = async |database: &Database| {
        let drifted = doc! { "_id": "drifted", "balance": 1_001.000_000_000_000_2 };
        let rich = doc! { "_id": "rich", "balance": 1e12 };
        database.collection::<Document>("users").insert_many([drifted, rich]).await.unwrap();
    };
    let Some((app, database)) = books_on("bounds", prepare, |_| ()).await else { return };
    for (user, bet, payout, balance) in [
        ("drifted", 0.0, 0.0, 1001.0),
        ("rich", 999_999_999.99, 1_000_000_000.0, 1_000_000_000_000.01),
        ("rich", 0.01, 0.0, 1_000_000_000_000.0),
        ("big", 0.0, 999_999_999.99, 1_000_000_999.99),
        ("big", 1_000_000_000.0, 0.0, 999.99),
        // A third of a hundred, and what a sum of doubles leaves.
        ("third", 33.333_333, 0.0, 966.67),
        ("third", 0.1 + 0.2, 0.7 + 0.1, 967.17),
        ("tie", 0.0, 0.125, 1000.12),
    ] {
        let paid = pay(&app, json!({ "userId": user, "bet": bet, "payout": payout })).await;
        assert_eq!((paid.status, &paid.body["newBalance"]), (200, &json!(balance)), "{user} {bet} {payout}");
    }
    let third = doc! { "user_id": "third" };
    let row = database.collection::<Document>("transactions").find_one(third).await.unwrap().unwrap();
    assert_eq!((row.get_f64("bet").unwrap(), row.get_f64("amount").unwrap()), (33.33, 33.33));
}
