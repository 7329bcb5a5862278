//! The business routes, number for number as the service that this one replaces.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use database::mongodb::bson::{Bson, DateTime, Document, doc};
use database::mongodb::{Client, Database};
use reqwest::Method;
use serde_json::{Value, json};

use crate::helpers::{App, Telemetry, answer, spawn_app, spawn_app_as, spawn_app_on};

/// Seconds of the day at which the answers were taken: what falls on which day depends on it.
const TAKEN_AT: u64 = 11 * 3_600 + 18 * 60 + 24;

/// What is said in other words, or depends on the time.
const OTHER: [&str; 12] = [
    "_id",
    "date",
    "hour",
    "timestamp",
    "last_played",
    "duration_minutes",
    "avg_duration",
    "period_hours",
    "performance_warning",
    "performance_note",
    "message",
    "sessions_detail",
];

fn fixture(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn golden(path: &str) -> Value {
    let all = fixture(include_str!("../fixtures/analytics.json"));
    all["responses"].get(path).unwrap_or_else(|| panic!("no answer to {path}")).clone()
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap()
}

/// An app on a database of its own with the seed as of that moment.
async fn seeded(name: &str, at: Duration, telemetry: Telemetry) -> Option<(App, Database)> {
    let url = fixtures::mongo::database(&format!("{name}_{telemetry:?}"))?;
    let database = Client::with_uri_str(&url).await.unwrap().default_database().unwrap();
    let seed = fixture(include_str!("../fixtures/seed.json"));
    let rows = |name: &str, dated: bool| -> Vec<Document> {
        let row = |row: &Value| {
            let mut row: Document = serde_json::from_value(row.clone()).unwrap();
            let ago = row.remove("seconds_ago").and_then(|ago| as_number(&ago)).unwrap();
            let seconds = at.as_secs_f64() - ago;
            let date = DateTime::from_millis((seconds * 1e3) as i64);
            row.insert("timestamp", if dated { Bson::from(date) } else { Bson::from(seconds) });
            row
        };
        seed[name].as_array().unwrap().iter().map(row).collect()
    };
    database.collection("games").insert_many(rows("games", false)).await.unwrap();
    database.collection("transactions").insert_many(rows("transactions", true)).await.unwrap();
    Some((spawn_app_as(telemetry, |settings| settings.mongodb_url = Some(url)).await, database))
}

fn as_number(value: &Bson) -> Option<f64> {
    value.as_f64().or_else(|| value.as_i64().map(|it| it as f64)).or_else(|| value.as_i32().map(f64::from))
}

/// Every difference, with its place.
fn differences(place: &str, reported: &Value, golden: &Value, found: &mut Vec<String>) {
    match (reported, golden) {
        (Value::Object(reported), Value::Object(golden)) => {
            let names = |it: &serde_json::Map<String, Value>| it.keys().cloned().collect::<Vec<_>>();
            let (mut one, mut other) = (names(reported), names(golden));
            one.sort();
            other.sort();
            if one != other {
                found.push(format!("{place}: {one:?}, not {other:?}"));
            }
            for (name, golden) in golden.iter().filter(|(name, _)| !OTHER.contains(&name.as_str())) {
                differences(&format!("{place}.{name}"), &reported[name], golden, found);
            }
        }
        (Value::Array(reported), Value::Array(golden)) if reported.len() == golden.len() => {
            let pairs = reported.iter().zip(golden).enumerate();
            pairs.for_each(|(index, (reported, golden))| {
                differences(&format!("{place}[{index}]"), reported, golden, found)
            });
        }
        (Value::Number(reported), Value::Number(golden)) => {
            let (one, other) = (reported.as_f64().unwrap(), golden.as_f64().unwrap());
            if (one - other).abs() > 1e-9 * other.abs().max(1.0) {
                found.push(format!("{place}: {reported}, not {golden}"));
            }
        }
        _ if reported == golden => {}
        _ => found.push(format!("{place}: {reported}, not {golden}")),
    }
}

async fn agrees(app: &App, path: &str, golden: &Value) {
    let reported = app.get(path).await;
    assert_eq!(reported.status, 200, "{path}: {}", reported.body);
    let mut found = Vec::new();
    differences(path, &reported.body, golden, &mut found);
    assert!(found.is_empty(), "{found:#?}");
}

#[actix_web::test]
async fn figures_of_days_and_hours_are_the_golden_ones() {
    for telemetry in Telemetry::ALL {
        agrees_on_days_and_hours(telemetry).await;
    }
}

async fn agrees_on_days_and_hours(telemetry: Telemetry) {
    let day = 86_400;
    // The last time that it was as late as then, and how many full hours that is ago.
    let ago = (now().as_secs() % day + day - TAKEN_AT) % day;
    let Some((app, _)) = seeded("days", now() - Duration::from_secs(ago), telemetry).await else { return };
    let daily = "/api/v1/analytics/daily-stats?days=7";
    agrees(&app, daily, &golden(daily)).await;
    let hours = 24 + ago / 3_600;
    let rtp = format!("/api/v1/business-metrics/rtp?hours={hours}");
    agrees(&app, &rtp, &golden("/api/v1/business-metrics/rtp?hours=24")).await;

    let summary = "/api/v1/business-metrics/financial-summary?days=7";
    let mut mended = golden(summary);
    mended["summary"]["win_rate"] = json!(25.0);
    agrees(&app, summary, &mended).await;
    let period = format!("/api/v1/business-metrics/financial?hours={hours}");
    let mended = json!({
        "period_hours": 24, "total_revenue": -349.0,
        "deposit_count": 24, "avg_deposit": 9.02, "total_deposits": 216.5,
        "withdrawal_count": 15, "avg_withdrawal": 37.7, "total_withdrawals": 565.5,
    });
    agrees(&app, &period, &mended).await;
    // Twice that was bet was paid out: that is reported, and nothing else.
    assert!(app.inbox.events().iter().all(|event| event["fingerprint"][1] == "business"));
}

#[actix_web::test]
async fn figures_of_players_and_sessions_are_the_golden_ones() {
    for telemetry in Telemetry::ALL {
        agrees_on_players_and_sessions(telemetry).await;
    }
}

async fn agrees_on_players_and_sessions(telemetry: Telemetry) {
    let Some((app, _)) = seeded("players", now(), telemetry).await else { return };
    for path in [
        "/api/v1/analytics/player-metrics/alice",
        "/api/v1/analytics/player-metrics/nobody",
        "/api/v1/analytics/player-details-n1",
        "/api/v1/business-metrics/active-sessions",
        "/api/v1/business-metrics/sessions",
    ] {
        agrees(&app, path, &golden(path)).await;
    }
    let reported = app.get("/api/v1/business-metrics/sessions").await.body;
    assert_eq!(reported["avg_duration"], 1468.8);
    let detail = app.get("/api/v1/business-metrics/active-sessions").await.body["sessions_detail"].clone();
    let names: Vec<_> = detail.as_array().unwrap().iter().map(|it| it["user_id"].as_str().unwrap()).collect();
    assert_eq!(names, ["dave", "alice", "carol", "bob", "erin"]);
    assert!(
        detail
            .as_array()
            .unwrap()
            .iter()
            .all(|it| (25.0..30.0).contains(&it["duration_minutes"].as_f64().unwrap()))
    );
}

#[actix_web::test]
async fn todays_figures_are_the_golden_ones() {
    for telemetry in Telemetry::ALL {
        agrees_on_today(telemetry).await;
    }
}

async fn agrees_on_today(telemetry: Telemetry) {
    let Some((app, database)) = seeded("today", now(), telemetry).await else { return };
    let golden_of = |name: &str| -> Document {
        let all = fixture(include_str!("../fixtures/analytics.json"));
        serde_json::from_value(all["documents"][name].clone()).unwrap()
    };
    let today = &DateTime::now().try_to_rfc3339_string().unwrap()[..10];
    for name in ["daily_stats", "daily_payments"] {
        let mut document = golden_of(name);
        document.insert("date", today);
        database.collection(name).insert_one(document).await.unwrap();
    }
    let player = |name: &str| doc! { "user_id": name, "last_played": DateTime::now() };
    let players = ["alice", "bob", "carol", "dave", "erin"].map(player);
    database.collection("player_stats").insert_many(players).await.unwrap();
    let path = "/api/v1/analytics/realtime/summary";
    agrees(&app, path, &golden(path)).await;
}

#[actix_web::test]
async fn an_empty_database_is_all_zeros() {
    let Some(url) = fixtures::mongo::database("empty") else { return };
    let app = spawn_app_on(url).await;
    let responses = fixture(include_str!("../fixtures/analytics.json"))["responses"].clone();
    for path in responses.as_object().unwrap().keys() {
        let reported = app.get(path).await;
        assert_eq!(reported.status, 200, "{path}: {}", reported.body);
    }
    let rtp = app.get("/api/v1/business-metrics/rtp").await.body;
    assert_eq!((&rtp["overall_rtp"], &rtp["rtp_threshold"]["status"]), (&json!(0.0), &json!("no_data")));
}

#[actix_web::test]
async fn without_a_database_every_business_route_is_503_with_an_event() {
    let app = spawn_app().await;
    let responses = fixture(include_str!("../fixtures/analytics.json"))["responses"].clone();
    for path in responses.as_object().unwrap().keys() {
        let reported = app.get(path).await;
        assert_eq!(
            (reported.status, &reported.body["type"]),
            (503, &json!("MongoConnectionError")),
            "{path}"
        );
        let event = app.event_of(&reported).await;
        assert_eq!(event["tags"]["db.code"], "unreachable");
    }
}

#[actix_web::test]
async fn a_bad_period_is_422_in_fastapis_words_and_no_event() {
    let app = spawn_app().await;
    for (path, kind) in [
        ("/api/v1/analytics/daily-stats?days=0", "greater_than_equal"),
        ("/api/v1/analytics/daily-stats?days=366", "less_than_equal"),
        ("/api/v1/analytics/daily-stats?days=seven", "int_parsing"),
        ("/api/v1/analytics/daily-stats?days=1.5", "int_parsing"),
        ("/api/v1/analytics/daily-stats?days=", "int_parsing"),
        ("/api/v1/business-metrics/rtp?hours=-1", "greater_than_equal"),
        ("/api/v1/business-metrics/rtp?hours=8761", "less_than_equal"),
        ("/api/v1/business-metrics/financial?hours=99999999999999999999", "less_than_equal"),
        ("/api/v1/business-metrics/financial-summary?days=NaN", "int_parsing"),
    ] {
        let reported = app.get(path).await;
        assert_eq!((reported.status, &reported.body["detail"][0]["type"]), (422, &json!(kind)), "{path}");
    }
    let wrong_method = answer(app.request(Method::POST, "/api/v1/business-metrics/rtp")).await;
    assert_eq!((wrong_method.status, &wrong_method.headers["allow"]), (405, &"GET, HEAD".parse().unwrap()));
    assert!(app.inbox.events().is_empty());
}

#[actix_web::test]
async fn queries_that_are_slow_on_purpose_show_their_pattern_as_spans() {
    let Some((app, _)) = seeded("patterns", now(), Telemetry::On).await else { return };
    let spans = async |path: &str, name: &str| {
        assert_eq!(app.get(path).await.status, 200);
        let transaction = app.transaction(name).await;
        let spans = transaction["spans"].as_array().unwrap().clone();
        let queries = spans.into_iter().filter(|span| span["op"] == "db");
        queries.map(|span| span["description"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let path = "/api/v1/analytics/player-details-n1";
    let queries = spans(path, &format!("GET {path}")).await;
    assert_eq!(queries.len(), 21, "{queries:?}");
    assert_eq!(queries[1..5], queries[5..9]);
    // Sentry's detector looks for a parent that is a span of the transaction.
    let spans_of_it = app.transaction(&format!("GET {path}")).await["spans"].clone();
    let spans_of_it = spans_of_it.as_array().unwrap();
    let parent = spans_of_it
        .iter()
        .find(|span| span["description"] == "queries for one player after another")
        .unwrap();
    let repeated = spans_of_it.iter().filter(|span| span["parent_span_id"] == parent["span_id"]);
    assert_eq!(repeated.filter(|span| span["op"] == "db").count(), 20);
    let five =
        spans("/api/v1/analytics/player-metrics/alice", "GET /api/v1/analytics/player-metrics/{user_id}")
            .await;
    assert_eq!(five.len(), 5, "{five:?}");
    let daily = spans("/api/v1/analytics/daily-stats", "GET /api/v1/analytics/daily-stats").await;
    assert_eq!(daily, ["games.aggregate"]);
}
