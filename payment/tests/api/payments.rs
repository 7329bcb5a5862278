//! `POST /process`: money that is right.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::future::join_all;
use payment::domain::doubts::Doubts;
use payment::domain::ledger::{self, Booking};
use payment::settings::Settings;
use reqwest::Method;
use sentry_context::database::mongodb::bson::{DateTime, Document, doc};
use sentry_context::database::mongodb::{Client, Database, IndexModel};
use serde_json::{Value, json};

use crate::helpers::{Answer, App, answer, connect, exception, spawn_app_with};

/// An app on a database of its own.
async fn books(name: &str, change: impl FnOnce(&mut Settings)) -> Option<(App, Database)> {
    books_on(name, async |_| (), change).await
}

/// On a database in which something is already.
async fn books_on(
    name: &str,
    prepare: impl AsyncFnOnce(&Database),
    change: impl FnOnce(&mut Settings),
) -> Option<(App, Database)> {
    fixtures::mongo::url()?;
    let url = app_url(name);
    let database = Client::with_uri_str(&url).await.unwrap().default_database().unwrap();
    prepare(&database).await;
    let app = spawn_app_with(|settings| {
        settings.mongodb_url = Some(url);
        change(settings);
    });
    Some((app.await, database))
}

fn app_url(name: &str) -> String {
    format!("{}/{name}_{}", fixtures::mongo::url().unwrap_or_default(), std::process::id())
}

async fn pay(app: &App, body: Value) -> Answer {
    answer(app.request(Method::POST, "/process").json(&body)).await
}

async fn pay_as(app: &App, key: &str, body: Value) -> Answer {
    answer(app.request(Method::POST, "/process").header("Idempotency-Key", key).json(&body)).await
}

async fn all(database: &Database, collection: &str) -> Vec<Document> {
    let found = database.collection::<Document>(collection).find(doc! {}).await.unwrap();
    found.map(Result::unwrap).collect().await
}

#[actix_web::test]
async fn a_payment_changes_the_balance_and_writes_a_row() {
    let Some((app, database)) = books("row", |_| ()).await else { return };
    let won = pay(&app, json!({ "userId": "alice", "bet": 10, "payout": 25.5 })).await;
    assert_eq!((won.status, won.body), (200, json!({ "success": true, "newBalance": 1015.5 })));
    let lost = pay(&app, json!({ "userId": "alice", "bet": 5.5, "payout": 0 })).await;
    assert_eq!(lost.body["newBalance"], 1010.0);

    let rows = all(&database, "transactions").await;
    let told: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row.get_str("type").unwrap(),
                row.get_f64("amount").unwrap(),
                row.get_f64("balance_after").unwrap(),
            )
        })
        .collect();
    assert_eq!(told, [("WIN", 15.5, 1015.5), ("LOSS", 5.5, 1010.0)]);
    assert_eq!(rows[0].get_str("user_id").unwrap(), "alice");
    assert!(rows[0].get_datetime("timestamp").is_ok(), "{:?}", rows[0]);
    let users = all(&database, "users").await;
    assert_eq!((users.len(), users[0].get_f64("balance").unwrap()), (1, 1010.0));
    assert!(users[0].get_array("pending").unwrap().is_empty());
}

#[actix_web::test]
async fn bad_input_is_400_names_its_field_and_changes_nothing() {
    let Some((app, database)) = books("bad_input", |_| ()).await else { return };
    for (field, body) in [
        ("userId", json!({ "bet": 1, "payout": 1 })),
        ("userId", json!({ "userId": "", "bet": 1, "payout": 1 })),
        ("userId", json!({ "userId": 7, "bet": 1, "payout": 1 })),
        ("userId", json!({ "userId": "x".repeat(129), "bet": 1, "payout": 1 })),
        ("bet", json!({ "userId": "a", "payout": 1 })),
        ("bet", json!({ "userId": "a", "bet": "1", "payout": 1 })),
        ("bet", json!({ "userId": "a", "bet": null, "payout": 1 })),
        ("bet", json!({ "userId": "a", "bet": -1, "payout": 1 })),
        ("bet", json!({ "userId": "a", "bet": 1e300, "payout": 1 })),
        ("payout", json!({ "userId": "a", "bet": 1 })),
        ("payout", json!({ "userId": "a", "bet": 1, "payout": -0.01 })),
        ("body", json!([1, 2])),
    ] {
        let refused = pay(&app, body.clone()).await;
        assert_eq!(refused.status, 400, "{body}");
        let told = refused.body["error"].as_str().unwrap();
        assert!(told.contains(field), "{body}: {told}");
        assert!(refused.body.get("event_id").is_none(), "{body}");
    }
    for text in
        ["", "{", "NaN", r#"{"userId":"a","bet":NaN,"payout":1}"#, r#"{"userId":"a","bet":1e999,"payout":1}"#]
    {
        let refused = answer(app.request(Method::POST, "/process").body(text)).await;
        assert_eq!(refused.status, 400, "{text}");
    }
    assert_eq!(pay_as(&app, "", json!({ "userId": "a", "bet": 1, "payout": 1 })).await.status, 400);
    assert!(all(&database, "users").await.is_empty());
    assert!(all(&database, "transactions").await.is_empty());
    assert!(app.inbox.events().is_empty());
}

#[actix_web::test]
async fn accounts_that_another_program_opened_are_used_as_they_are() {
    let prepare = async |database: &Database| {
        let users = database.collection::<Document>("users");
        let index = IndexModel::builder().keys(doc! { "user_id": 1 }).build();
        users.create_index(index).await.unwrap();
        // A user twice: that program has no index that forbids it.
        let carol = doc! { "user_id": "carol", "balance": 5.0 };
        users.insert_many([doc! { "user_id": "alice", "balance": 70 }, carol.clone(), carol]).await.unwrap();
    };
    let Some((app, database)) = books_on("opened", prepare, |_| ()).await else { return };
    for (user, balance) in
        [("alice", 71.0), ("bob", 1001.0), ("carol", 6.0), ("alice", 72.0), ("bob", 1002.0)]
    {
        let paid = pay(&app, json!({ "userId": user, "bet": 0.5, "payout": 1.5 })).await;
        assert_eq!(
            (paid.status, paid.body),
            (200, json!({ "success": true, "newBalance": balance })),
            "{user}"
        );
    }
    assert_eq!(all(&database, "users").await.len(), 4);
    assert_eq!(all(&database, "transactions").await.len(), 5);
}

#[actix_web::test]
async fn balances_and_rows_agree_when_many_pay_at_once_and_some_fail() {
    let Some((app, database)) = books("at_once", |settings| settings.error_rate = 0.1).await else { return };
    let app = Arc::new(app);
    let clients = (0..32_u64).map(|client| {
        let app = Arc::clone(&app);
        async move {
            let mut booked = 0;
            for call in 0..20_u64 {
                let payout = if (client + call).is_multiple_of(4) { 8.5 } else { 0.0 };
                let body = json!({ "userId": format!("user-{}", client % 8), "bet": 2.5, "payout": payout });
                let answer = pay(&app, body).await;
                assert!([200, 500].contains(&answer.status), "{answer:?}");
                booked += usize::from(answer.status == 200);
            }
            booked
        }
    });
    let booked: usize = join_all(clients).await.into_iter().sum();
    assert!((400..640).contains(&booked), "{booked} of 640 with an error rate of 0.1");

    let rows = all(&database, "transactions").await;
    assert_eq!(rows.len(), booked);
    let mut balances: BTreeMap<String, f64> = BTreeMap::new();
    for row in &rows {
        let change = row.get_f64("payout").unwrap() - row.get_f64("bet").unwrap();
        *balances.entry(row.get_str("user_id").unwrap().to_owned()).or_insert(1000.0) += change;
    }
    let users = all(&database, "users").await;
    assert_eq!(users.len(), 8);
    for user in users {
        // Halves are exact in binary.
        assert_eq!(Some(&user.get_f64("balance").unwrap()), balances.get(user.get_str("user_id").unwrap()));
    }
}

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
async fn a_refused_payment_is_500_with_an_event_and_changed_nothing() {
    let Some((app, database)) = books("refused", |settings| settings.error_rate = 1.0).await else { return };
    let refused = pay(&app, json!({ "userId": "alice", "bet": 10, "payout": 0 })).await;
    assert_eq!((refused.status, &refused.body["type"]), (500, &json!("PaymentProcessorError")));
    let event = app.event_of(&refused).await;
    assert_eq!(exception(&event)["type"], "PaymentProcessorError");
    assert_eq!(event["contexts"]["payment"]["user_id"], "alice");
    assert!(all(&database, "users").await.is_empty());
}

#[actix_web::test]
async fn without_a_database_a_payment_is_503() {
    let app = spawn_app_with(|_| ()).await;
    let unavailable = pay(&app, json!({ "userId": "alice", "bet": 10, "payout": 0 })).await;
    assert_eq!((unavailable.status, &unavailable.body["type"]), (503, &json!("MongoConnectionError")));
    assert_eq!(app.event_of(&unavailable).await["tags"]["db.code"], "unreachable");
}

#[actix_web::test]
async fn a_row_that_somebody_left_as_a_note_is_written() {
    let Some((app, database)) = books("notes", |_| ()).await else { return };
    let row = |id: &str, bet: f64| {
        doc! { "_id": id, "user_id": "dave", "type": "LOSS", "amount": bet, "bet": bet, "payout": 0.0,
        "timestamp": DateTime::from_millis(0) }
    };
    let user = doc! { "user_id": "dave", "balance": 985.0, "pending": [row("first", 10.0)],
    "recent": [row("first", 10.0), row("second", 5.0)] };
    database.collection::<Document>("users").insert_one(user).await.unwrap();
    let rows = loop {
        let rows = all(&database, "transactions").await;
        if !rows.is_empty() {
            break rows;
        }
        assert_eq!(app.get("/health").await.status, 200);
    };
    assert_eq!(rows[0].get_str("_id").unwrap(), "first");
    assert_eq!(rows[0].get_f64("balance_after").unwrap(), 990.0);
}

#[actix_web::test]
async fn a_payment_that_failed_and_was_booked_all_the_same_is_taken_back() {
    let Some((app, database)) = books("doubts", |_| ()).await else { return };
    pay(&app, json!({ "userId": "alice", "bet": 10, "payout": 0 })).await;
    let own = connect(Some(&app_url("doubts"))).await;
    let booking = |key: Option<&str>| Booking::new("alice".to_owned(), 5.0, 0.0, key.map(str::to_owned));
    let [unnamed, named, never] = [booking(None), booking(Some("again")), booking(None)];
    // As if the server had been silent, and had woken.
    for booking in [&unnamed, &named] {
        ledger::book(&own, booking).await.unwrap();
    }
    let doubts = Doubts::default();
    [unnamed, named, never].into_iter().for_each(|booking| doubts.note(booking));
    assert_eq!(doubts.resolve(&own).await.unwrap(), 1);
    assert_eq!(doubts.resolve(&own).await.unwrap(), 0);

    let user = &all(&database, "users").await[0];
    assert_eq!(user.get_f64("balance").unwrap(), 985.0, "a caller with a key asks again");
    assert!(user.get_array("pending").unwrap().is_empty());
    assert_eq!(user.get_array("recent").unwrap().len(), 2);
    assert_eq!(all(&database, "transactions").await.len(), 2);
}

#[actix_web::test]
async fn business_figures_outside_of_what_is_normal_are_warnings() {
    let app = spawn_app_with(|_| ()).await;
    let tell = async |scenario: &str| {
        answer(app.request(Method::POST, "/financial-metrics").json(&json!({ "scenario": scenario }))).await
    };
    let spike = tell("payment_failure_spike").await;
    assert_eq!((spike.status, &spike.body["status"]), (200, &json!("payment_failure_spike")));
    assert!(spike.body["success_rate"].as_f64().unwrap() < 95.0);
    let warned =
        |event: &Value| event["level"] == "warning" && event["tags"]["error.type"] == "payment_success";
    let warning = app.event("the warning", warned).await;
    assert_eq!(warning["fingerprint"], json!(["payment", "business", "payment_success"]));
    assert!(tell("revenue_anomaly").await.body["net_revenue"].is_number());
    assert_eq!(tell("anything").await.body["status"], "normal");
    let told = |inbox: &inbox::Inbox| {
        let metrics = inbox.metrics();
        let value = |name: &str, value: f64| {
            metrics.iter().any(|metric| metric["name"] == name && metric["value"] == value)
        };
        value("business.payment.success_rate", 78.5)
            && value("business.payment.success_rate", 98.5)
            && value("business.revenue.net", -25_000.0)
    };
    app.inbox.wait_until("the figures as metrics", told).await.unwrap();
}
