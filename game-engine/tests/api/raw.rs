//! Bytes as they go over the line: requests that no client library would send, and envelopes as they were received.

use inbox::{Inbox, Options};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::helpers::{App, spawn_app_with};

/// An app whose inbox keeps what it received as it was.
pub(crate) async fn spawn_app() -> App {
    let inbox = Inbox::start_with(Options { keep_raw: true, ..Options::default() }).await.unwrap();
    let app =
        spawn_app_with(|settings| settings.shared.sentry.dsn = Some(inbox.dsn().parse().unwrap())).await;
    App { inbox, ..app }
}

/// The headers of every envelope, and the types and payloads of its items.
pub(crate) fn envelopes(app: &App) -> Vec<(Value, Vec<(String, Value)>)> {
    let read = |envelope: &[u8]| {
        let mut lines = envelope.split(|byte| *byte == b'\n').map(serde_json::from_slice::<Value>);
        let headers = lines.next().unwrap().unwrap();
        let mut lines = lines.flatten();
        let mut items = Vec::new();
        while let Some(header) = lines.next() {
            items.push((header["type"].as_str().unwrap().to_owned(), lines.next().unwrap()));
        }
        (headers, items)
    };
    app.inbox.received_bytes().iter().map(|envelope| read(envelope)).collect()
}

/// The headers of the envelopes that hold an item of that type, and the items.
pub(crate) fn items(app: &App, ty: &str) -> Vec<(Value, Value)> {
    let of_type = |(headers, items): (Value, Vec<(String, Value)>)| {
        let found = items.into_iter().filter(|(it, _)| it == ty).map(|(_, item)| item);
        found.map(|item| (headers.clone(), item)).collect::<Vec<_>>()
    };
    envelopes(app).into_iter().flat_map(of_type).collect()
}

/// Sends one request that closes its connection, and returns the head and the body of the answer.
pub(crate) async fn send(app: &App, request: &[u8]) -> (String, Vec<u8>) {
    let mut line = TcpStream::connect(app.url.trim_start_matches("http://")).await.unwrap();
    line.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    line.read_to_end(&mut answer).await.unwrap();
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("a head") + 4;
    let body = answer.split_off(end);
    (String::from_utf8(answer).unwrap().to_lowercase(), body)
}
