//! Clients that keep the service waiting, and many of them.

use std::time::Duration;

use fixtures::service::Service;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::helpers::{http, spawn_app};

/// How long a server may wait for a client, and some more for a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

async fn connect(url: &str) -> TcpStream {
    TcpStream::connect(url.trim_start_matches("http://")).await.unwrap()
}

/// What is answered until the connection is closed.
async fn said(url: &str, sent: &str) -> String {
    let mut connection = connect(url).await;
    connection.write_all(sent.as_bytes()).await.unwrap();
    let mut said = String::new();
    timeout(PATIENCE, connection.read_to_string(&mut said)).await.expect("it is still open").unwrap();
    said
}

fn json_of(said: &str) -> Value {
    serde_json::from_str(said.rsplit_once("\r\n\r\n").unwrap().1.trim()).unwrap()
}

#[actix_web::test]
async fn a_body_that_never_comes_is_408_whether_the_route_reads_it_or_not() {
    let app = spawn_app().await;
    let heads = [
        "POST /calculate HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n",
        "POST /calculate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{",
        "POST /calculate HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
        "GET /debug/crash HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n",
        "GET /nowhere HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
    ];
    let all = heads.map(|head| said(&app.url, head));
    for said in futures_util::future::join_all(all).await {
        assert!(said.starts_with("HTTP/1.1 408"), "{said}");
        assert_eq!(json_of(&said)["type"], json!("RequestTimeout"), "{said}");
        assert!(json_of(&said)["error"].is_string(), "{said}");
    }
    assert!(app.inbox.events().is_empty(), "a slow client is no failure of the service");
}

#[actix_web::test]
async fn a_head_that_never_ends_is_408_in_json() {
    let app = spawn_app().await;
    let said = said(&app.url, "GET /health HTTP/1.1\r\nHost:").await;
    assert!(said.starts_with("HTTP/1.1 408"), "{said}");
    assert_eq!(json_of(&said)["type"], json!("RequestTimeout"));
}

#[actix_web::test]
async fn pipelined_requests_after_a_panic_are_all_answered() {
    let app = spawn_app().await;
    let crash = "GET /debug/crash HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
    let health = "GET /health HTTP/1.1\r\nHost: a\r\n\r\n";
    let last = "GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let said = said(&app.url, &format!("{crash}{health}{crash}{health}{last}")).await;
    let statuses: Vec<_> = said.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect();
    assert_eq!(statuses, ["500", "200", "500", "200", "200"], "{said}");
}

#[actix_web::test]
async fn health_answers_while_there_are_more_silent_clients_than_files() {
    let limited = ["-c", "ulimit -n 256; exec \"$0\"", env!("CARGO_BIN_EXE_game-engine")];
    let service = Service::start_with("/bin/sh", &limited, &[]);
    let mut silent = Vec::new();
    for _ in 0..300 {
        let mut connection = connect(service.url()).await;
        let head = "POST /calculate HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n";
        connection.write_all(head.as_bytes()).await.unwrap();
        silent.push(connection);
    }
    let health = http().get(format!("{}/health", service.url())).send();
    let answer = timeout(PATIENCE, health).await.expect("nobody is served").unwrap();
    assert_eq!(answer.status(), 200);
}
