//! The list of unconfirmed payments is bounded.

use payment::domain::ledger::Booking;
use payment::domain::money::Money;
use payment::domain::unconfirmed::Unconfirmed;
use serde_json::json;

use crate::books::{all, database_of, pay, pay_as};
use crate::helpers::{exception, spawn_app_with};

fn booking(key: Option<&str>) -> Booking {
    Booking::new("alice".to_owned(), Money::cents(1), Money::cents(0), key.map(str::to_owned))
}

#[test]
fn while_too_many_payments_are_unconfirmed_those_without_a_key_are_refused() {
    let unconfirmed = Unconfirmed::with_capacity(2);
    let first = unconfirmed.reserve(&booking(None)).unwrap();
    let second = unconfirmed.reserve(&booking(None)).unwrap();
    assert!(unconfirmed.reserve(&booking(None)).is_err());
    assert!(unconfirmed.reserve(&booking(Some("key"))).is_ok(), "its caller can ask again");
    first.take(booking(None));
    drop(second);
    let third = unconfirmed.reserve(&booking(None)).unwrap();
    assert!(unconfirmed.reserve(&booking(None)).is_err(), "the first one waits still");
    assert_eq!(unconfirmed.len(), 1);
    drop(third);
}

#[actix_web::test]
async fn a_payment_that_finds_the_list_full_is_503_and_changes_nothing_until_there_is_a_place() {
    let Some((url, database)) = database_of("full").await else { return };
    let unconfirmed = Unconfirmed::with_capacity(1);
    let app = spawn_app_with(|settings| {
        settings.shared.mongodb_url = Some(url);
        settings.unconfirmed = unconfirmed.clone();
    });
    let app = app.await;
    let body = || json!({ "userId": "alice", "bet": 10, "payout": 0 });
    let place = unconfirmed.reserve(&booking(None)).unwrap();
    let refused = pay(&app, body()).await;
    assert_eq!((refused.status, &refused.body["type"]), (503, &json!("UnconfirmedPaymentsError")));
    let event = app.event_of(&refused).await;
    assert_eq!((&exception(&event)["type"], &event["user"]["id"]), (&refused.body["type"], &json!("alice")));
    assert!(all(&database, "users").await.is_empty() && all(&database, "transactions").await.is_empty());

    assert_eq!(pay_as(&app, "key", body()).await.body["newBalance"], 990.0);
    drop(place);
    assert_eq!(pay(&app, body()).await.body["newBalance"], 980.0);
}
