//! The share of payments that succeed, as it really is.

use reqwest::Method;
use serde_json::{Value, json};

use crate::helpers::{App, answer, spawn_app};

async fn pay(app: &App, body: Value) -> u16 {
    answer(app.request(Method::POST, "/process").json(&body)).await.status
}

fn warnings(events: &[Value]) -> usize {
    events.iter().filter(|event| event["tags"]["error.type"] == "payment_success").count()
}

#[actix_web::test]
async fn payments_that_fail_are_one_warning_and_refused_ones_are_none() {
    // Without a database every payment fails.
    let app = spawn_app().await;
    for _ in 0..60 {
        assert_eq!(pay(&app, json!({ "userId": "alice", "bet": -1, "payout": 0 })).await, 400);
    }
    assert_eq!(warnings(&app.inbox.events()), 0);
    for _ in 0..60 {
        assert_eq!(pay(&app, json!({ "userId": "alice", "bet": 1, "payout": 0 })).await, 503);
    }
    let all = |inbox: &inbox::Inbox| inbox.transactions().len() == 120 && warnings(&inbox.events()) > 0;
    app.inbox.wait_until("all transactions and the warning", all).await.unwrap();
    let events = app.inbox.events();
    assert_eq!(warnings(&events), 1);
    let warning = events.iter().find(|event| event["tags"]["error.type"] == "payment_success").unwrap();
    assert_eq!(
        (&warning["level"], &warning["contexts"]["payment_success"]["value"]),
        (&json!("warning"), &json!(0.0))
    );
    assert_eq!(warning["fingerprint"], json!(["payment", "business", "payment_success"]));
}
