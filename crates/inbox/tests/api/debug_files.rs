//! The part of Sentry's API that `sentry-cli debug-files upload` asks for. `stripped.rs` of the demo has the tool itself.

use reqwest::Method;
use serde_json::{Value, json};

use crate::helpers::{Answer, App, answer, spawn_app};

const CHUNKS: &str = "/api/0/organizations/demo/chunk-upload/";
const ASSEMBLE: &str = "/api/0/projects/demo/shop/files/difs/assemble/";

fn sha1(digit: char) -> String {
    digit.to_string().repeat(40)
}

async fn upload(app: &App, chunks: &[(&str, usize)]) -> Answer {
    let mut form = Vec::new();
    for (name, length) in chunks {
        let head =
            format!("--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n");
        form.extend(head.into_bytes());
        form.extend(vec![b'c'; *length]);
        form.extend(b"\r\n");
    }
    form.extend(b"--x--\r\n");
    let request = app.request(Method::POST, CHUNKS).bearer_auth("any");
    answer(request.header("Content-Type", "multipart/form-data; boundary=x").body(form)).await
}

async fn assemble(app: &App, wanted: Value) -> Answer {
    let request = app.request(Method::POST, ASSEMBLE).bearer_auth("any");
    answer(request.header("Content-Type", "application/json").body(wanted.to_string())).await
}

#[actix_web::test]
async fn a_debug_file_is_listed_once_its_chunks_have_come() {
    let app = spawn_app().await;
    let takes = app.get(CHUNKS).await.body;
    assert_eq!(takes["url"], format!("{}{CHUNKS}", app.inbox.url()));
    assert_eq!((&takes["chunkSize"], &takes["hashAlgorithm"]), (&json!(1_048_576), &json!("sha1")));
    let file = json!({ "name": "shop.debug", "debug_id": "d1", "chunks": [sha1('1'), sha1('2')] });
    let wanted = json!({ sha1('0'): file });
    let state = |answer: &Answer| answer.body[sha1('0')]["state"].clone();
    let answer = assemble(&app, wanted.clone()).await;
    assert_eq!((answer.status, state(&answer)), (200, json!("not_found")));
    assert_eq!(answer.body[sha1('0')]["missingChunks"], json!([sha1('1'), sha1('2')]));
    assert_eq!(upload(&app, &[(&sha1('1'), 700), (&sha1('2'), 300)]).await.status, 200);
    let answer = assemble(&app, wanted).await;
    assert_eq!((state(&answer), &answer.body[sha1('0')]["dif"]["debugId"]), (json!("ok"), &json!("d1")));
    let held = app.list("/api/debug-files", "debug_files").await;
    assert_eq!((held.len(), &held[0]["name"], &held[0]["bytes"]), (1, &json!("shop.debug"), &json!(1_000)));
    assert_eq!((&held[0]["debug_id"], &held[0]["project"]), (&json!("d1"), &json!("shop")));
    assert_eq!(app.inbox.events().len(), 0);
    assert_eq!(answer_to_clear(&app).await, 204);
    assert_eq!(app.list("/api/debug-files", "debug_files").await, Vec::<Value>::new());
}

async fn answer_to_clear(app: &App) -> u16 {
    answer(app.request(Method::DELETE, "/api/all")).await.status
}

#[actix_web::test]
async fn what_is_no_chunk_and_no_file_is_refused() {
    let app = spawn_app().await;
    for chunk in [("", 1), ("chunk", 1), (&*"A".repeat(40), 1), (&*sha1('1'), 1_048_577)] {
        assert_eq!(upload(&app, &[chunk]).await.status, 400, "{chunk:?}");
    }
    assert_eq!(upload(&app, &[(&sha1('1'), 1_048_576), (&sha1('2'), 0)]).await.status, 200);
    let names: Vec<_> = (0..9).map(|it| format!("{it:040}")).collect();
    let many: Vec<_> = names.iter().map(|name| (name.as_str(), 1_048_576)).collect();
    assert_eq!(upload(&app, &many[..8]).await.status, 200);
    assert_eq!(upload(&app, &many).await.status, 413);
    let formless = app.request(Method::POST, CHUNKS).bearer_auth("any").body("chunk");
    assert_eq!(answer(formless).await.status, 400);
    assert_eq!(answer(app.request(Method::POST, CHUNKS).body("chunk")).await.status, 401, "without a token");
    assert_eq!(answer(app.request(Method::DELETE, CHUNKS)).await.status, 405);

    for wanted in [json!([]), json!({ sha1('0'): {} }), json!({ sha1('0'): { "name": 7, "chunks": [] } })] {
        assert_eq!(assemble(&app, wanted.clone()).await.status, 400, "{wanted}");
    }
    let answered = assemble(&app, json!({ "x": { "name": "a", "chunks": [] } })).await;
    assert_eq!(answered.body["x"]["state"], "error");
    let many: Vec<_> = (0..513).map(|it| format!("{it:040}")).collect();
    let answered = assemble(&app, json!({ sha1('0'): { "name": "a", "chunks": many } })).await;
    assert_eq!(answered.body[sha1('0')]["state"], "error");
    let json = app.request(Method::POST, ASSEMBLE).header("Content-Type", "application/json");
    assert_eq!(answer(json.body("{}")).await.status, 401, "without a token");
    let long = json!({ sha1('0'): { "name": "n".repeat(4 * 1024 * 1024), "chunks": [] } });
    assert_eq!(assemble(&app, long).await.status, 413);
    assert_eq!(app.get("/api/0/projects/demo/shop/files/").await.status, 404);
    assert_eq!(app.list("/api/debug-files", "debug_files").await, Vec::<Value>::new());
}
