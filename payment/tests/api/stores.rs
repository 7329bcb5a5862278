//! The same payments, whether balances are in MongoDB or in memory.

use std::sync::Arc;

use futures_util::future::join_all;
use payment::domain::ledger::{Booking, Ledger, Memory};
use payment::domain::money::Money;
use serde_json::json;

use crate::books::{pay, pay_as};
use crate::helpers::{App, Telemetry, spawn_app_as, spawn_app_on};

/// The URLs of both stores; of that in memory alone where there is no server.
fn stores(name: &str) -> Vec<String> {
    let mongodb = fixtures::mongo::database(name);
    ["memory:".to_owned()].into_iter().chain(mongodb).collect()
}

#[actix_web::test]
async fn a_player_begins_with_1000_and_wins_and_loses() {
    for store in stores("wins") {
        let app = spawn_app_on(store.clone()).await;
        let won = pay(&app, json!({ "userId": "alice", "bet": 10, "payout": 25.5 })).await;
        assert_eq!(
            (won.status, won.body),
            (200, json!({ "success": true, "newBalance": 1015.5 })),
            "{store}"
        );
        let lost = pay(&app, json!({ "userId": "alice", "bet": 5.5, "payout": 0 })).await;
        assert_eq!(lost.body["newBalance"], 1010.0, "{store}");
        let other = pay(&app, json!({ "userId": "bob", "bet": 1, "payout": 1 })).await;
        assert_eq!(other.body["newBalance"], 1000.0, "{store}");
    }
}

#[actix_web::test]
async fn a_repeated_key_is_booked_once_and_other_amounts_are_a_conflict() {
    for store in stores("keys") {
        let app = spawn_app_on(store.clone()).await;
        let body = json!({ "userId": "alice", "bet": 3, "payout": 0 });
        let first = pay_as(&app, "a-key", body.clone()).await;
        pay(&app, json!({ "userId": "alice", "bet": 7, "payout": 0 })).await;
        let again = pay_as(&app, "a-key", body).await;
        assert_eq!((first.status, first.body["newBalance"].as_f64()), (200, Some(997.0)), "{store}");
        assert_eq!((again.status, again.body["newBalance"].as_f64()), (200, Some(997.0)), "{store}");
        let other = pay_as(&app, "a-key", json!({ "userId": "alice", "bet": 4, "payout": 0 })).await;
        assert_eq!(other.status, 409, "{store}");
        let of_another = pay_as(&app, "a-key", json!({ "userId": "bob", "bet": 4, "payout": 0 })).await;
        assert_eq!(of_another.body["newBalance"], 996.0, "{store}");
    }
}

#[actix_web::test]
async fn payments_at_once_are_all_counted() {
    for store in stores("at_once") {
        let app = Arc::new(spawn_app_on(store.clone()).await);
        let one = |_| {
            let app = Arc::clone(&app);
            async move { pay(&app, json!({ "userId": "alice", "bet": 0.1, "payout": 0 })).await.status }
        };
        let answers = join_all((0..8).map(one)).await;
        assert!(answers.iter().all(|status| *status == 200), "{store}: {answers:?}");
        let last = pay(&app, json!({ "userId": "alice", "bet": 0, "payout": 0 })).await;
        assert_eq!(last.body["newBalance"], 999.2, "{store}");
    }
}

#[actix_web::test]
async fn a_refused_payment_changes_nothing() {
    for store in stores("refused") {
        let url = store.clone();
        let app = spawn_app_as(Telemetry::On, |settings| {
            (settings.shared.mongodb_url, settings.provider.error_rate) = (Some(url), 1.0);
        });
        let app: App = app.await;
        let refused = pay(&app, json!({ "userId": "alice", "bet": 1, "payout": 0 })).await;
        assert_eq!(
            (refused.status, &refused.body["type"]),
            (500, &json!("PaymentProcessorError")),
            "{store}"
        );
        app.event_of(&refused).await;
    }
}

#[actix_web::test]
async fn a_service_with_balances_in_memory_is_ready_and_says_so() {
    let app = spawn_app_on("memory:".to_owned()).await;
    let ready = app.get("/ready").await;
    let memory = json!({ "status": "ready", "mongodb": "memory", "rabbitmq": "down" });
    assert_eq!((ready.status, ready.body), (200, memory));
}

#[actix_web::test]
async fn a_payment_has_its_steps_as_spans_with_the_call_to_the_provider() {
    let app = spawn_app_on("memory:".to_owned()).await;
    pay(&app, json!({ "userId": "alice", "bet": 10, "payout": 25.5 })).await;
    let transaction = app.transaction("POST /process").await;
    fixtures::common::spans::are_nested("a payment", &transaction);
    let spans = transaction["spans"].as_array().unwrap();
    let of = |op: &str| spans.iter().find(|span| span["op"] == op).unwrap();
    let (call, books) = (of("http.client"), of("db"));
    assert!(call["description"].as_str().unwrap().starts_with("POST http://127.0.0.1:"), "{call}");
    assert_eq!((&call["status"], &call["data"]["http.response.status_code"]), (&json!("ok"), &json!(200)));
    assert_eq!(
        (&books["description"], &books["data"]["db.system"]),
        (&json!("accounts.update"), &json!("memory"))
    );
    let measured = &transaction["measurements"];
    assert_eq!(measured["payment.amount"], json!({ "value": 15.5, "unit": "none" }));
    assert_eq!(measured["payment.processing_time"]["unit"], "millisecond");
    assert!(measured["payment.processing_time"]["value"].as_f64().unwrap() > 0.0, "{measured}");
}

fn booking(user_id: &str, key: Option<&str>) -> Booking {
    Booking::new(user_id.to_owned(), Money::cents(100), Money::cents(0), key.map(str::to_owned))
}

#[actix_web::test]
async fn memory_has_room_for_so_many_accounts_and_keys() {
    let publisher = broker::Publisher::start(None, &sentry_context::sentry::Hub::current());
    let ledger = Ledger::Memory(Memory::with_room(2, 1));
    for user in ["alice", "bob", "alice"] {
        ledger.book(&publisher, &booking(user, None)).await.unwrap();
    }
    let full = ledger.book(&publisher, &booking("carol", None)).await.unwrap_err();
    assert!(full.to_string().contains("room for 2 accounts"), "{full}");
    ledger.book(&publisher, &booking("alice", Some("first"))).await.unwrap();
    assert!(ledger.replay(&publisher, &booking("alice", Some("first"))).await.unwrap().is_some());
    ledger.book(&publisher, &booking("alice", Some("second"))).await.unwrap();
    assert!(
        ledger.replay(&publisher, &booking("alice", Some("first"))).await.unwrap().is_none(),
        "forgotten"
    );
}
