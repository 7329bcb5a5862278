//! Payments are booked and published whatever Sentry does.

use database::mongodb::bson::Document;
use fixtures::rabbit::{self, VirtualHost};
use reqwest::Method;
use serde_json::{Value, json};

use crate::books::{all, database_of, pay};
use crate::helpers::{Telemetry, answer, spawn_app_as};
use crate::messages::{Messages, address};

/// What must not depend on Sentry: answers, accounts, rows and messages, but for what differs between any two runs.
#[derive(Debug, PartialEq)]
struct Outcome {
    answers: Vec<(u16, Value)>,
    accounts: Vec<Document>,
    rows: Vec<Document>,
    messages: Vec<Value>,
}

#[actix_web::test]
async fn payments_have_the_same_outcome_without_sentry_unsampled_and_with_it() {
    let Some(broker) = rabbit::virtual_host() else { return };
    let mut messages = Messages::of(&broker);
    let mut outcomes = Vec::new();
    for telemetry in Telemetry::ALL {
        let Some(outcome) = outcome(telemetry, &broker, &mut messages).await else { return };
        assert_eq!((outcome.rows.len(), outcome.messages.len()), (21, 21), "{telemetry:?}: {outcome:?}");
        outcomes.push(outcome);
    }
    for outcome in &outcomes[1..] {
        assert_eq!(outcome, &outcomes[0]);
    }
}

async fn outcome(telemetry: Telemetry, broker: &VirtualHost, messages: &mut Messages) -> Option<Outcome> {
    let (url, database) = database_of(&format!("outcome_{telemetry:?}")).await?;
    let app = spawn_app_as(telemetry, |settings| {
        settings.shared.mongodb_url = Some(url);
        settings.shared.rabbitmq = address(broker);
    });
    let app = app.await;
    let mut answers = Vec::new();
    let mut reported = async |key: Option<&str>, body: Value| {
        let mut request = app.request(Method::POST, "/process").json(&body);
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        let answer = answer(request).await;
        let mut body = answer.body;
        // The one thing that telemetry adds.
        body.as_object_mut().unwrap().remove("event_id");
        answers.push((answer.status, body));
    };
    for number in 0..20 {
        let user = ["alice", "bob"][number % 2];
        reported(None, json!({ "userId": user, "bet": 2, "payout": number % 4 })).await;
    }
    reported(Some("key"), json!({ "userId": "alice", "bet": 1, "payout": 0.1 })).await;
    reported(Some("key"), json!({ "userId": "alice", "bet": 2, "payout": 0.1 })).await;
    reported(None, json!({ "userId": "alice", "bet": -1, "payout": 0 })).await;
    reported(None, json!({ "userId": "alice" })).await;
    let mut published = Vec::new();
    for _ in 0..21 {
        published.push(of_any_run(messages.next().await));
    }
    // Nothing else was published: what comes next is the next payment's.
    pay(&app, json!({ "userId": "last", "bet": 0, "payout": 0 })).await;
    assert_eq!(messages.next().await["data"]["userId"], "last");
    let plain = |documents: Vec<Document>| {
        let is_last = |it: &Document| {
            ["_id", "user_id"].iter().any(|name| it.get_str(name).is_ok_and(|it| it == "last"))
        };
        documents.into_iter().filter(|it| !is_last(it)).map(of_any).collect()
    };
    let accounts = plain(all(&database, "users").await);
    let rows = plain(all(&database, "transactions").await);
    Some(Outcome { answers, accounts, rows, messages: published })
}

/// A message without what differs between any two runs.
fn of_any_run(mut message: Value) -> Value {
    for name in ["trace", "timestamp"] {
        assert!(message.as_object_mut().unwrap().remove(name).is_some(), "{message}");
    }
    for name in ["_id", "timestamp"] {
        assert!(message["data"].as_object_mut().unwrap().remove(name).is_some(), "{message}");
    }
    message
}

/// A document without that.
fn of_any(mut document: Document) -> Document {
    for name in ["timestamp", "created_at", "updated_at", "recent"] {
        document.remove(name);
    }
    if document.contains_key("amount") {
        document.remove("_id");
    }
    document
}
