//! Clients from before there were envelopes: one event as JSON at `/store/`.

use std::io::Write;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use reqwest::Method;
use serde_json::json;

use crate::helpers::{Answer, App, EVENT_ID, answer, spawn_app};

async fn store(app: &App, encoding: Option<&str>, body: impl Into<reqwest::Body>) -> Answer {
    let request = app.request(Method::POST, "/api/7/store/?sentry_key=abc&sentry_version=7").body(body);
    answer(match encoding {
        Some(encoding) => request.header("Content-Encoding", encoding),
        None => request,
    })
    .await
}

fn event() -> Vec<u8> {
    json!({ "event_id": EVENT_ID, "message": "an old one", "level": "warning" }).to_string().into_bytes()
}

fn zlib(plain: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

#[actix_web::test]
async fn an_event_arrives_in_each_form_that_it_was_ever_sent_in() {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&event()).unwrap();
    let forms = [
        (None, event()),
        (Some("gzip"), gzip.finish().unwrap()),
        (Some("deflate"), zlib(&event())),
        (None, BASE64_STANDARD.encode(zlib(&event())).into_bytes()),
    ];
    for (index, (encoding, body)) in forms.into_iter().enumerate() {
        let app = spawn_app().await;
        let answer = store(&app, encoding, body).await;
        assert_eq!((answer.status, &answer.body["id"]), (200, &json!(EVENT_ID)), "{index}: {answer:?}");
        let held = &app.list("/api/events", "events").await[0];
        assert_eq!((&held["title"], &held["project"]), (&json!("an old one"), &json!("7")), "{index}");
    }
}

#[actix_web::test]
async fn a_transaction_and_an_event_without_an_id_arrive_too() {
    let app = spawn_app().await;
    let transaction = json!({ "type": "transaction", "event_id": EVENT_ID, "transaction": "GET /" });
    assert_eq!(store(&app, None, transaction.to_string()).await.status, 200);
    assert_eq!(app.inbox.transactions()[0]["transaction"], "GET /");
    let answer = store(&app, None, r#"{"message":"\ud83d"}"#).await;
    assert_eq!((answer.status, answer.body["id"].as_str().map(str::len)), (200, Some(32)), "{answer:?}");
}

#[actix_web::test]
async fn what_is_no_event_is_refused_with_a_reason_that_is_kept() {
    let app = spawn_app().await;
    for body in [b"".to_vec(), b"nonsense!".to_vec(), b"[]".to_vec(), b"eJw=".to_vec(), b"{".to_vec()] {
        let answer = store(&app, None, body.clone()).await;
        assert_eq!(answer.status, 400, "{body:?}: {answer:?}");
        assert!(answer.body["error"].as_str().unwrap().contains("not a JSON object"), "{answer:?}");
    }
    assert_eq!(app.get("/api/refusals").await.body["refusals"].as_array().unwrap().len(), 5);
}

#[actix_web::test]
async fn what_unpacks_to_more_than_an_envelope_may_have_is_413() {
    let app = spawn_app().await;
    let bomb = BASE64_STANDARD.encode(zlib(&vec![b' '; 21 * 1024 * 1024]));
    assert_eq!(store(&app, None, bomb).await.status, 413);
}
