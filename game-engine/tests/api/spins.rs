//! `POST /calculate` and `POST /business-metrics`.

use database::mongodb::bson::{Document, doc};
use database::mongodb::{Client, Database};
use fixtures::rabbit;
use futures_util::StreamExt;
use reqwest::Method;
use serde_json::{Value, json};
use service::topology::{GAME_RESULTS, TOPOLOGY};

use crate::helpers::{Answer, App, Telemetry, answer, spawn_app, spawn_app_as};

async fn post(app: &App, path: &str, body: Value) -> Answer {
    answer(app.request(Method::POST, path).json(&body)).await
}

async fn games(database: &Database) -> Vec<Document> {
    let found = database.collection::<Document>("games").find(doc! {}).await.unwrap();
    found.map(Result::unwrap).collect().await
}

#[actix_web::test]
async fn a_spin_is_stored_as_it_was_answered() {
    for telemetry in Telemetry::ALL {
        stores_what_it_answers(telemetry).await;
    }
}

async fn stores_what_it_answers(telemetry: Telemetry) {
    let Some(url) = fixtures::mongo::database(&format!("spins_{telemetry:?}")) else { return };
    let database = Client::with_uri_str(&url).await.unwrap().default_database().unwrap();
    let app = spawn_app_as(telemetry, |settings| settings.shared.mongodb_url = Some(url)).await;
    let spin = post(&app, "/calculate", json!({ "userId": "alice", "bet": 2.5 })).await;
    assert_eq!(spin.status, 200);
    let symbols: Vec<_> =
        spin.body["symbols"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    assert_eq!(symbols.iter().all(|it| it == &symbols[0]), spin.body["win"].as_bool().unwrap());

    let games = games(&database).await;
    assert_eq!(games.len(), 1);
    let game = &games[0];
    assert_eq!((game.get_str("user_id").unwrap(), game.get_f64("bet").unwrap()), ("alice", 2.5));
    assert_eq!(game.get_f64("payout").ok(), spin.body["payout"].as_f64());
    assert_eq!(game.get_bool("win").ok(), spin.body["win"].as_bool());
    let stored: Vec<_> = game.get_array("symbols").unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    assert_eq!(stored, symbols);
    assert!(game.get_f64("timestamp").unwrap() > 1.7e9);
    if telemetry == Telemetry::On {
        let spans = app.transaction("POST /calculate").await["spans"].clone();
        let insert = spans.as_array().unwrap().iter().find(|span| span["op"] == "db").unwrap();
        assert_eq!(insert["description"], "games.insert");
    }
}

#[actix_web::test]
async fn without_a_database_a_spin_is_answered_and_its_span_says_that_it_was_not_stored() {
    for telemetry in [Telemetry::Off, Telemetry::Unsampled] {
        let app = spawn_app_as(telemetry, |_| ()).await;
        assert_eq!(post(&app, "/calculate", json!({ "userId": "alice", "bet": 1 })).await.status, 200);
    }
    let app = spawn_app().await;
    let spin = post(&app, "/calculate", json!({ "userId": "alice", "bet": 1 })).await;
    assert_eq!(spin.status, 200);
    let transaction = app.transaction("POST /calculate").await;
    assert_eq!(transaction["tags"]["game.stored"], "no");
    let spans = transaction["spans"].as_array().unwrap();
    let store = spans.iter().find(|span| span["description"] == "store the game").unwrap();
    assert_eq!((&store["status"], &store["data"]["stored"]), (&json!("unavailable"), &json!(false)));
    let ready = app.get("/ready").await;
    assert_eq!(ready.body, json!({ "status": "ready", "mongodb": "down", "rabbitmq": "down" }));
}

#[actix_web::test]
async fn a_spin_is_published_with_the_trace_that_it_came_with() {
    for telemetry in Telemetry::ALL {
        publishes_with_its_trace(telemetry).await;
    }
}

async fn publishes_with_its_trace(telemetry: Telemetry) {
    let Some(broker) = rabbit::virtual_host() else { return };
    let address = broker::Address::parse(Some(&broker.url()), "test", &TOPOLOGY).unwrap();
    let app = spawn_app_as(telemetry, |settings| settings.shared.rabbitmq = address.clone()).await;
    let (reported, mut messages) = tokio::sync::mpsc::unbounded_channel();
    let hub = sentry_context::sentry::Hub::current();
    broker::consume(address, &hub, &[GAME_RESULTS], async move |delivered| {
        reported.send(delivered).unwrap();
        broker::Verdict::Done
    });
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let baggage = format!("sentry-trace_id={trace},sentry-public_key=gateway,sentry-sample_rate=1");
    let request = app
        .request(Method::POST, "/calculate")
        .header("sentry-trace", format!("{trace}-00f067aa0ba902b7-1"))
        .header("baggage", &baggage)
        .json(&json!({ "userId": "alice", "bet": 4 }));
    let spin = answer(request).await;
    let delivered = messages.recv().await.unwrap();
    let message: Value = serde_json::from_slice(&delivered.body).unwrap();
    assert_eq!(delivered.routing_key, "game.result");
    assert_eq!(message["data"]["user_id"], "alice");
    assert_eq!(message["data"]["payout"], spin.body["payout"]);
    assert_eq!(message["data"]["_id"].as_str().unwrap().len(), 24);
    // Without Sentry there is no trace; all else is the same.
    if telemetry != Telemetry::Off {
        assert!(message["trace"]["sentry-trace"].as_str().unwrap().starts_with(trace), "{message}");
        assert_eq!(message["trace"]["baggage"], baggage);
    }
    assert!(message["timestamp"].as_f64().unwrap() > 1.7e9);
}

#[actix_web::test]
async fn bad_input_is_400_names_its_field_and_makes_no_event() {
    for telemetry in Telemetry::ALL {
        refuses_bad_input(&spawn_app_as(telemetry, |_| ()).await).await;
    }
}

async fn refuses_bad_input(app: &App) {
    for (field, body) in [
        ("userId", json!({ "bet": 1 })),
        ("userId", json!({ "userId": "", "bet": 1 })),
        ("bet", json!({ "userId": "a" })),
        ("bet", json!({ "userId": "a", "bet": 0 })),
        ("bet", json!({ "userId": "a", "bet": -3 })),
        ("bet", json!({ "userId": "a", "bet": "10" })),
        ("bet", json!({ "userId": "a", "bet": 1e300 })),
        ("cpu_intensive", json!({ "userId": "a", "bet": 1, "cpu_intensive": "yes" })),
    ] {
        let refused = post(app, "/calculate", body.clone()).await;
        assert_eq!(refused.status, 400, "{body}");
        assert!(refused.body["error"].as_str().unwrap().contains(field), "{body}: {}", refused.body);
    }
    assert!(app.inbox.events().is_empty());
}

#[actix_web::test]
async fn a_spin_that_wants_the_processor_shows_where_the_time_went() {
    let app = spawn_app().await;
    let body = json!({ "userId": "alice", "bet": 1, "cpu_intensive": true });
    assert_eq!(post(&app, "/calculate", body).await.status, 200);
    let transaction = app.transaction("POST /calculate").await;
    let spans = transaction["spans"].as_array().unwrap();
    let parts = spans.iter().filter(|span| span["data"]["rounds"].as_u64().is_some_and(|rounds| rounds > 0));
    assert_eq!(parts.count(), 3, "{spans:?}");
}

#[actix_web::test]
async fn business_figures_outside_of_what_is_normal_are_warnings() {
    for telemetry in Telemetry::ALL {
        computes_business_figures(&spawn_app_as(telemetry, |_| ()).await).await;
    }
    let app = spawn_app().await;
    computes_business_figures(&app).await;
    app.inbox.wait_until("four warnings", |inbox| inbox.events().len() == 4).await.unwrap();
    let events = app.inbox.events();
    assert!(events.iter().all(|event| event["level"] == "warning"));
    // An issue for each figure, whatever its value.
    let of = |figure: &str| {
        let fingerprint = json!(["game-engine", "business", figure]);
        events.iter().filter(|event| event["fingerprint"] == fingerprint).count()
    };
    assert_eq!(["rtp", "active_sessions", "win_rate"].map(of), [2, 1, 1]);
}

async fn computes_business_figures(app: &App) {
    let report = async |scenario: &str| post(app, "/business-metrics", json!({ "scenario": scenario })).await;
    let rtp = report("rtp_anomaly").await;
    assert_eq!(rtp.status, 200);
    assert!(rtp.body["low_rtp"].as_f64().unwrap() < 85.0 && rtp.body["high_rtp"].as_f64().unwrap() > 98.0);
    assert!(report("session_surge").await.body["surge"].is_number());
    assert!(report("win_rate_manipulation").await.body["suspicious_rate"].as_f64().unwrap() > 50.0);
    assert_eq!(report("else").await.body, json!({ "status": "normal" }));
}

#[actix_web::test]
async fn business_figures_are_computed_and_compared_in_steps_that_their_warnings_name() {
    let app = spawn_app().await;
    post(&app, "/business-metrics", json!({ "scenario": "rtp_anomaly" })).await;
    let transaction = app.transaction("POST /business-metrics").await;
    let root = &transaction["contexts"]["trace"]["span_id"];
    let spans = transaction["spans"].as_array().unwrap();
    let computed = spans.iter().find(|span| span["parent_span_id"] == *root).unwrap();
    assert_eq!(computed["description"], "computing business metrics");
    let compared: Vec<_> =
        spans.iter().filter(|span| span["parent_span_id"] == computed["span_id"]).collect();
    assert_eq!(compared.len(), 2, "{spans:#?}");
    app.inbox.wait_until("both warnings", |inbox| inbox.events().len() == 2).await.unwrap();
    for event in app.inbox.events() {
        let trace = &event["contexts"]["trace"];
        let span = compared.iter().find(|span| span["span_id"] == trace["span_id"]).unwrap();
        for field in ["op", "description", "parent_span_id"] {
            assert_eq!(trace[field], span[field], "{field}");
        }
        assert_eq!(trace["data"]["figure"], "rtp", "{trace}");
    }
}

#[actix_web::test]
async fn business_figures_are_metrics() {
    let app = spawn_app().await;
    for scenario in ["rtp_anomaly", "session_surge", "win_rate_manipulation"] {
        post(&app, "/business-metrics", json!({ "scenario": scenario })).await;
    }
    let values = |metrics: &[Value], name: &str| -> Vec<f64> {
        let named = metrics.iter().filter(|metric| metric["name"] == name && metric["type"] == "gauge");
        named.map(|metric| metric["value"].as_f64().unwrap()).collect()
    };
    let arrived = |inbox: &inbox::Inbox| !values(&inbox.metrics(), "business.win_rate").is_empty();
    app.inbox.wait_until("the last figure", arrived).await.unwrap();
    let metrics = app.inbox.metrics();
    assert_eq!(values(&metrics, "business.rtp"), [75.0, 105.0]);
    assert_eq!(values(&metrics, "business.active_sessions"), [150.0, 2_500.0]);
    assert_eq!(values(&metrics, "business.win_rate"), [85.0]);
}
