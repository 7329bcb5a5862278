//! `Idempotency-Key`: a call that is repeated.

use database::mongodb::Database;
use database::mongodb::bson::{DateTime, Document, doc};
use futures_util::future::join_all;
use serde_json::json;

use crate::books::{all, books, books_on, database_of, pay, pay_as};
use crate::helpers::spawn_app_with;

#[actix_web::test]
async fn a_call_that_is_repeated_with_its_key_is_booked_once() {
    let Some((app, database)) = books("repeated", |_| ()).await else { return };
    let body = || json!({ "userId": "bob", "bet": 1, "payout": 3 });
    let at_once = join_all((0..8).map(|_| pay_as(&app, "spin-1", body()))).await;
    pay(&app, body()).await;
    let later = pay_as(&app, "spin-1", body()).await;
    for answer in at_once.iter().chain([&later]) {
        assert_eq!((answer.status, &answer.body["newBalance"]), (200, &json!(1002.0)), "{answer:?}");
    }
    assert_eq!(all(&database, "transactions").await.len(), 2);

    let other = pay_as(&app, "spin-1", json!({ "userId": "bob", "bet": 2, "payout": 0 })).await;
    assert_eq!((other.status, &other.body["type"]), (409, &json!("Conflict")));
    let somebody_else = pay_as(&app, "spin-1", json!({ "userId": "carol", "bet": 1, "payout": 3 })).await;
    assert_eq!(somebody_else.body["newBalance"], 1002.0);
}

#[actix_web::test]
async fn keys_of_two_users_are_never_the_same_key() {
    let Some((app, database)) = books("two_users", |_| ()).await else { return };
    let pairs = [("a:b", "c"), ("a", "b:c"), ("a/b", "c"), ("a", "b/c"), ("a%2Fb", "c"), ("3:a", "b")];
    for (at, (user, key)) in pairs.into_iter().enumerate() {
        let paid = pay_as(&app, key, json!({ "userId": user, "bet": 1, "payout": 3 })).await;
        assert_eq!(paid.status, 200, "{user} {key}: {paid:?}");
        assert_eq!(all(&database, "transactions").await.len(), at + 1, "{user} {key}");
    }
}

#[actix_web::test]
async fn a_row_of_an_earlier_version_answers_for_its_user_only() {
    let prepare = async |database: &Database| {
        let row = doc! { "_id": "a:b:c", "user_id": "a", "type": "WIN", "amount": 2.0, "bet": 1.0, "payout": 3.0,
        "timestamp": DateTime::now(), "balance_after": 77.0 };
        database.collection("transactions").insert_one(row).await.unwrap();
    };
    let Some((app, database)) = books_on("earlier_rows", prepare, |_| ()).await else { return };
    let body = |user: &str| json!({ "userId": user, "bet": 1, "payout": 3 });
    assert_eq!(pay_as(&app, "b:c", body("a")).await.body["newBalance"], 77.0);
    assert_eq!(pay_as(&app, "b:c", json!({ "userId": "a", "bet": 2, "payout": 3 })).await.status, 409);
    assert!(all(&database, "users").await.is_empty());
    assert_eq!(pay_as(&app, "c", body("a:b")).await.body["newBalance"], 1002.0);
    assert_eq!(all(&database, "transactions").await.len(), 2);
}

#[actix_web::test]
async fn a_booked_key_is_answered_with_its_result_however_many_payments_fail() {
    let Some((url, database)) = database_of("booked_key").await else { return };
    let app_with = async |error_rate: f64| {
        let url = url.clone();
        spawn_app_with(|settings| {
            (settings.shared.mongodb_url, settings.provider.error_rate) = (Some(url), error_rate)
        })
        .await
    };
    let body = || json!({ "userId": "alice", "bet": 1, "payout": 3 });
    let (good, bad) = (app_with(0.0).await, app_with(1.0).await);
    assert_eq!(pay_as(&good, "spin-1", body()).await.status, 200);
    for _ in 0..20 {
        let again = pay_as(&bad, "spin-1", body()).await;
        assert_eq!((again.status, &again.body["newBalance"]), (200, &json!(1002.0)));
    }
    // The same while only the account knows of it, and another payment has changed the balance.
    assert_eq!(pay_as(&good, "spin-3", body()).await.body["newBalance"], 1004.0);
    database.collection::<Document>("transactions").delete_many(doc! {}).await.unwrap();
    assert_eq!(pay_as(&bad, "spin-1", body()).await.body["newBalance"], 1002.0);
    assert_eq!(pay_as(&bad, "spin-2", body()).await.status, 500);
}
