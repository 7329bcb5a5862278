//! `POST /process`: money that is right.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::books::{all, books, database_of, pay, pay_as};
use crate::helpers::{answer, exception, spawn_app_with};

#[actix_web::test]
async fn a_payment_changes_the_balance_and_writes_a_row() {
    let Some((app, database)) = books("row", |_| ()).await else { return };
    let won = pay(&app, json!({ "userId": "alice", "bet": 10, "payout": 25.5 })).await;
    assert_eq!((won.status, won.body), (200, json!({ "success": true, "newBalance": 1015.5 })));
    let lost = pay(&app, json!({ "userId": "alice", "bet": 5.5, "payout": 0 })).await;
    assert_eq!(lost.body["newBalance"], 1010.0);

    let rows = all(&database, "transactions").await;
    let reported: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row.get_str("type").unwrap(),
                row.get_f64("amount").unwrap(),
                row.get_f64("balance_after").unwrap(),
            )
        })
        .collect();
    assert_eq!(reported, [("WIN", 15.5, 1015.5), ("LOSS", 5.5, 1010.0)]);
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
        let reported = refused.body["error"].as_str().unwrap();
        assert!(reported.contains(field), "{body}: {reported}");
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
async fn balances_and_rows_agree_when_many_pay_at_once_and_some_fail() {
    let Some((app, database)) = books("many_at_once", |settings| settings.provider.error_rate = 0.1).await
    else {
        return;
    };
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
        assert_eq!(Some(&user.get_f64("balance").unwrap()), balances.get(user.get_str("_id").unwrap()));
    }
}

#[actix_web::test]
async fn a_refused_payment_is_500_with_an_event_and_changed_nothing() {
    let Some((app, database)) = books("refused", |settings| settings.provider.error_rate = 1.0).await else {
        return;
    };
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
async fn business_figures_outside_of_what_is_normal_are_warnings() {
    let app = spawn_app_with(|_| ()).await;
    let report = async |scenario: &str| {
        answer(app.request(Method::POST, "/financial-metrics").json(&json!({ "scenario": scenario }))).await
    };
    let spike = report("payment_failure_spike").await;
    assert_eq!((spike.status, &spike.body["status"]), (200, &json!("payment_failure_spike")));
    assert!(spike.body["success_rate"].as_f64().unwrap() < 95.0);
    let warned =
        |event: &Value| event["level"] == "warning" && event["tags"]["error.type"] == "payment_success";
    let warning = app.event("the warning", warned).await;
    assert_eq!(warning["fingerprint"], json!(["payment", "business", "payment_success"]));
    let spans = app.transaction("POST /financial-metrics").await["spans"].clone();
    let named =
        |text: &str| spans.as_array().unwrap().iter().find(|span| span["description"] == text).unwrap();
    let compared = named("compare a figure with what is normal");
    assert_eq!(compared["parent_span_id"], named("computing financial metrics")["span_id"]);
    assert_eq!(warning["contexts"]["trace"]["span_id"], compared["span_id"]);
    assert!(report("revenue_anomaly").await.body["net_revenue"].is_number());
    assert_eq!(report("anything").await.body["status"], "normal");
    let reported = |inbox: &inbox::Inbox| {
        let metrics = inbox.metrics();
        let value = |name: &str, value: f64| {
            metrics.iter().any(|metric| metric["name"] == name && metric["value"] == value)
        };
        value("business.payment.success_rate", 78.5)
            && value("business.payment.success_rate", 98.5)
            && value("business.revenue.net", -25_000.0)
    };
    app.inbox.wait_until("the figures as metrics", reported).await.unwrap();
}

#[actix_web::test]
async fn the_user_of_the_body_is_on_each_transaction_and_each_event() {
    let app_with = async |error_rate: f64, url: Option<String>| {
        spawn_app_with(|settings| {
            (settings.provider.error_rate, settings.shared.mongodb_url) = (error_rate, url)
        })
        .await
    };
    let Some((url, _)) = database_of("users_of_bodies").await else { return };
    for (error_rate, url, bet, status) in [
        (0.0, Some(url.clone()), 10, 200),
        (0.0, Some(url.clone()), -10, 400),
        (1.0, Some(url), 10, 500),
        (0.0, None, 10, 503),
    ] {
        let app = app_with(error_rate, url).await;
        let answer = pay(&app, json!({ "userId": "zoë", "bet": bet, "payout": 0 })).await;
        assert_eq!(answer.status, status, "{answer:?}");
        assert_eq!(app.transaction("POST /process").await["user"]["id"], "zoë", "{status}");
        if status >= 500 {
            assert_eq!(app.event_of(&answer).await["user"]["id"], "zoë", "{status}");
        }
    }
}
