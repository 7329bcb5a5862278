//! Payments are booked and published whatever Sentry does.

use broker::topology::PAYMENTS;
use broker::{Address, Verdict, consume};
use fixtures::rabbit::Broker;
use reqwest::Method;
use sentry_context::sentry::Hub;
use serde_json::{Value, json};
use tokio::sync::mpsc::unbounded_channel;

use crate::helpers::{Telemetry, answer, spawn_app_as};

#[actix_web::test]
async fn payments_are_published_without_sentry_unsampled_and_with_it() {
    let (Some(url), Some(broker)) = (fixtures::mongo::url(), Broker::start()) else { return };
    let address = Address::parse(Some(&broker.url()), "test").unwrap();
    let (told, mut messages) = unbounded_channel();
    consume(address.clone(), &Hub::current(), &[PAYMENTS], async move |delivered| {
        told.send(delivered).unwrap();
        Verdict::Done
    });
    for telemetry in Telemetry::ALL {
        let app = spawn_app_as(telemetry, |settings| {
            settings.mongodb_url = Some(format!("{url}/published_{telemetry:?}_{}", std::process::id()));
            settings.rabbitmq = address.clone();
        });
        let app = app.await;
        for number in 0..20 {
            let payment = json!({ "userId": format!("{telemetry:?}"), "bet": 2, "payout": number % 4 });
            assert_eq!(answer(app.request(Method::POST, "/process").json(&payment)).await.status, 200);
        }
        for _ in 0..20 {
            let body: Value = serde_json::from_slice(&messages.recv().await.unwrap().body).unwrap();
            assert_eq!(body["data"]["userId"], format!("{telemetry:?}"));
        }
    }
}
