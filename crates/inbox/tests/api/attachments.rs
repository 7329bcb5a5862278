//! Files that came with events.

use reqwest::Method;
use serde_json::{Value, json};

use crate::helpers::{App, EVENT_ID, envelope, new_id, spawn_app};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and so on";

/// An attachment item with these bytes.
fn item(filename: &str, content_type: &str, content: &[u8]) -> Vec<u8> {
    let header = json!({ "type": "attachment", "length": content.len(), "filename": filename,
        "content_type": content_type });
    [format!("{header}\n").as_bytes(), content, b"\n"].concat()
}

async fn send(app: &App, event_id: &str, items: &[Vec<u8>]) {
    let envelope = [format!("{{\"event_id\":\"{event_id}\"}}\n").into_bytes(), items.concat()].concat();
    assert_eq!(app.send(envelope).await.status, 200);
}

async fn of_event(app: &App, id: &str) -> Vec<Value> {
    app.get(&format!("/api/events/{id}")).await.body["attachments"].as_array().unwrap().clone()
}

#[actix_web::test]
async fn an_attachment_is_downloaded_as_it_came_and_never_runs() {
    let app = spawn_app().await;
    app.accepted(envelope(json!({ "event_id": EVENT_ID }), &[("event", json!({}))])).await;
    let page = b"<script>alert(1)</script>";
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>";
    let items = [
        item("page.html", "text/html", page),
        item("a.svg", "image/svg+xml", svg),
        item("shot.png", "text/html", PNG),
        item("fake.png", "image/png", page),
    ];
    send(&app, EVENT_ID, &items).await;
    let listed = of_event(&app, EVENT_ID).await;
    let images: Vec<_> = listed.iter().map(|it| it["image"].as_bool().unwrap()).collect();
    assert_eq!(images, [false, false, true, false], "what counts is the content");
    for (attachment, content) in listed.iter().zip([&page[..], svg, PNG, page]) {
        let path = format!("/api/attachments/{}", attachment["id"]);
        let response = app.request(Method::GET, &path).send().await.unwrap();
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        let (ty, how) = (header("content-type"), header("content-disposition"));
        let image = attachment["image"] == true;
        assert_eq!(ty, if image { "image/png" } else { "application/octet-stream" });
        assert!(how.starts_with(if image { "inline; " } else { "attachment; " }), "{how}");
        assert!(how.contains(attachment["filename"].as_str().unwrap()), "{how}");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert!(header("content-security-policy").contains("sandbox"));
        assert_eq!(&response.bytes().await.unwrap()[..], content);
    }
    assert_eq!(app.get("/api/attachments/99").await.status, 404);
    assert_eq!(app.get("/api/attachments/none").await.status, 404);
}

#[actix_web::test]
async fn attachments_that_come_alone_are_those_of_the_event_they_name() {
    let app = spawn_app().await;
    send(&app, EVENT_ID, &[item("before.txt", "text/plain", b"1")]).await;
    app.accepted(envelope(json!({ "event_id": EVENT_ID }), &[("event", json!({}))])).await;
    for _ in 0..2 {
        send(&app, EVENT_ID, &[item("after.txt", "text/plain", b"2")]).await;
    }
    send(&app, &new_id(), &[item("of another.txt", "text/plain", b"3")]).await;
    let names: Vec<Value> = of_event(&app, EVENT_ID).await.iter().map(|it| it["filename"].clone()).collect();
    assert_eq!(names, ["before.txt", "after.txt"], "and what comes twice is there once");
    assert_eq!(app.list("/api/attachments", "attachments").await.len(), 3);
}

#[actix_web::test]
async fn a_transaction_has_its_attachments_too() {
    let app = spawn_app().await;
    let items = [("transaction", json!({})), ("attachment", json!("a file"))];
    app.accepted(envelope(json!({ "event_id": EVENT_ID }), &items)).await;
    let shown = app.get(&format!("/api/transactions/{EVENT_ID}")).await.body;
    assert_eq!(shown["attachments"][0]["bytes"], 8);
}

#[actix_web::test]
async fn of_one_envelope_20_attachments_are_kept() {
    let app = spawn_app().await;
    let items: Vec<_> = (0..25).map(|number| item(&number.to_string(), "text/plain", &[number])).collect();
    send(&app, EVENT_ID, &items).await;
    assert_eq!(app.list("/api/attachments", "attachments").await.len(), 20);
}

#[actix_web::test]
async fn the_oldest_attachments_go_when_they_are_too_many_or_too_long() {
    let app = spawn_app().await;
    for batch in 0..101_u8 {
        let items: Vec<_> = (0..20).map(|number| item("small", "text/plain", &[batch, number])).collect();
        send(&app, &new_id(), &items).await;
    }
    let stats = app.inbox.stats();
    assert_eq!((stats.held.attachments, stats.evicted["attachments"]), (2_000, 20));
    for number in 0..8 {
        send(&app, &new_id(), &[item("long", "text/plain", &vec![number; 10 * 1024 * 1024])]).await;
    }
    let stats = app.inbox.stats();
    assert_eq!(stats.held.attachments, 6);
    assert!(stats.held.attachment_bytes <= 64 * 1024 * 1024, "{stats:?}");
}
