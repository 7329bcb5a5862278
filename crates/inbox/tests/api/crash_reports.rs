//! What crash reporters upload, and what SDKs send to Spotlight.

use std::time::Duration;

use reqwest::{Method, Response};
use serde_json::json;

use crate::helpers::{Answer, App, answer, envelope, message, new_id, spawn_app};

const TYPE: &str = "multipart/form-data; boundary=xyz";
const DUMP: &[u8] = b"MDMP\x93\xa7\r\n\0 and so on";

fn form(parts: &[(&str, Option<&str>, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, filename, content) in parts {
        let file = filename.map(|it| format!("; filename=\"{it}\"")).unwrap_or_default();
        let head = format!("--xyz\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
        body.extend([head.as_bytes(), content, b"\r\n"].concat());
    }
    body.extend(b"--xyz--\r\n");
    body
}

async fn upload(app: &App, content_type: &str, body: Vec<u8>) -> Answer {
    let request = app.request(Method::POST, "/api/1/minidump/?sentry_key=abc");
    answer(request.header("Content-Type", content_type).body(body)).await
}

#[actix_web::test]
async fn a_minidump_is_an_event_with_the_dump_as_its_attachment() {
    let app = spawn_app().await;
    let sentry = br#"{"release":"game@1","tags":{"service":"game"}}"#;
    let body = form(&[
        ("sentry", None, sentry),
        ("sentry[environment]", None, b"test"),
        ("sentry[user][id]", None, b"ann"),
        ("guid", None, b"42"),
        ("upload_file_minidump", Some("crash.dmp"), DUMP),
        ("log", Some("game.log"), b"it crashed"),
    ]);
    let answer = upload(&app, TYPE, body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let id = answer.body["id"].as_str().unwrap();
    let shown = app.get(&format!("/api/events/{id}")).await.body;
    let event = &shown["event"];
    assert_eq!((&shown["summary"]["level"], &shown["summary"]["service"]), (&json!("fatal"), &json!("game")));
    assert_eq!(
        (&event["release"], &event["environment"], &event["user"]["id"]),
        (&json!("game@1"), &json!("test"), &json!("ann"))
    );
    assert_eq!(event["extra"], json!({ "guid": "42" }));
    let files: Vec<_> = shown["attachments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["filename"].clone(), it["attachment_type"].clone()))
        .collect();
    assert_eq!(
        files,
        [(json!("crash.dmp"), json!("event.minidump")), (json!("game.log"), json!("event.attachment"))]
    );
    let path = format!("/api/attachments/{}", shown["attachments"][0]["id"]);
    let dump = app.request(Method::GET, &path).send().await.unwrap().bytes().await.unwrap();
    assert_eq!(&dump[..], DUMP);
    assert_eq!(upload(&app, "application/octet-stream", DUMP.to_vec()).await.status, 200, "the dump alone");
    assert_eq!(app.inbox.stats().held.attachments, 3);
}

#[actix_web::test]
async fn an_upload_without_a_dump_is_refused_with_its_reason() {
    let app = spawn_app().await;
    let many: Vec<(&str, Option<&str>, &[u8])> = vec![("a", None, b"1"); 101];
    for (content_type, body, reason) in [
        (TYPE, form(&[("a", None, b"1")]), "no minidump"),
        (TYPE, form(&[("upload_file_minidump", Some("a"), b"no dump")]), "no minidump"),
        (
            TYPE,
            form(&[("sentry", None, b"[]"), ("upload_file_minidump", Some("a"), DUMP)]),
            "not a JSON object",
        ),
        (TYPE, form(&many), "100 parts"),
        (TYPE, b"--xyz\r\n".to_vec(), "ends before"),
        ("text/plain", form(&[]), "names no boundary"),
    ] {
        let answer = upload(&app, content_type, body).await;
        assert_eq!(answer.status, 400, "{reason}: {answer:?}");
        assert!(answer.body["error"].as_str().unwrap().contains(reason), "{reason}: {answer:?}");
    }
    let shown = app.list("/api/envelopes", "envelopes").await;
    assert_eq!((shown.len(), &shown[0]["endpoint"]), (6, &json!("minidump")));
}

#[actix_web::test]
async fn an_envelope_for_spotlight_is_kept_in_the_project_that_it_names() {
    let app = spawn_app().await;
    let post = |body: String| {
        app.request(Method::POST, "/stream").header("Origin", "https://shop.example").body(body)
    };
    let named =
        envelope(json!({ "event_id": new_id(), "dsn": "http://k@localhost/7" }), &[("event", json!({}))]);
    for body in [message("of none"), named] {
        let answer = answer(post(body)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.headers["access-control-allow-origin"], "*");
    }
    let projects: Vec<_> = app.inbox.issues().into_iter().map(|issue| issue.project).collect();
    assert_eq!(projects, ["7", "spotlight"]);
}

async fn listen(app: &App, last: Option<u64>) -> Response {
    let request = app.request(Method::GET, "/stream");
    let request = if let Some(last) = last { request.header("Last-Event-ID", last) } else { request };
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    response
}

/// What comes until a text is in it.
async fn until(mut response: Response, text: &str) -> String {
    let mut come = String::new();
    while !come.contains(text) {
        let piece = tokio::time::timeout(Duration::from_secs(60), response.chunk()).await.unwrap();
        come += std::str::from_utf8(&piece.unwrap().unwrap()).unwrap();
    }
    come
}

#[actix_web::test]
async fn who_listens_gets_each_envelope_and_what_came_meanwhile() {
    let app = spawn_app().await;
    app.accepted(message("before")).await;
    let listening = listen(&app, None).await;
    app.accepted(message("after")).await;
    let come = until(listening, "after").await;
    assert!(!come.contains("before"), "{come}");
    assert!(come.contains("id: 2\nevent: application/x-sentry-envelope\ndata: {"), "{come}");
    let again = until(listen(&app, Some(0)).await, "after").await;
    assert!(again.contains("before"), "{again}");
    app.accepted(String::from("{}\n{\"type\":\"attachment\",\"length\":1}\n\r\n")).await;
    assert!(until(listen(&app, Some(2)).await, "base64").await.contains("id: 3\n"));
}

#[actix_web::test]
async fn listeners_are_bounded_and_come_from_here() {
    let app = spawn_app().await;
    let mut listening = Vec::new();
    for _ in 0..16 {
        listening.push(listen(&app, None).await);
    }
    assert_eq!(app.get("/stream").await.status, 503);
    for (name, value) in
        [("Origin", "https://shop.example"), ("Host", "evil.example"), ("Sec-Fetch-Site", "cross-site")]
    {
        let refused = answer(app.request(Method::GET, "/stream").header(name, value)).await;
        assert_eq!(refused.status, 403, "{name}");
    }
}
