//! Uploads that are slow, unfinished, or longer than they look: how much memory and how many connections they take.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::helpers::message;
use crate::process::start;

/// Longer than the inbox waits for any client.
const PATIENCE: Duration = Duration::from_secs(120);

/// What 20 MiB of zeros are in Brotli, 15 bytes, again and again.
fn brotli_bomb() -> Vec<u8> {
    let mut bomb = Vec::new();
    let zeros = vec![0; 1024 * 1024 * 1024 / 4];
    brotli::BrotliCompress(
        &mut &*zeros,
        &mut bomb,
        &brotli::enc::BrotliEncoderParams { quality: 5, ..Default::default() },
    )
    .unwrap();
    bomb
}

async fn upload(url: &str, headers: &str, body: &[u8]) -> TcpStream {
    let mut connection = TcpStream::connect(url.trim_start_matches("http://")).await.unwrap();
    let head = format!("POST /api/1/envelope/ HTTP/1.1\r\nHost: inbox\r\n{headers}\r\n\r\n");
    connection.write_all(head.as_bytes()).await.unwrap();
    // Whoever is refused early is not read to the end.
    let _ = connection.write_all(body).await;
    connection
}

async fn answer(mut connection: TcpStream) -> String {
    let mut answer = Vec::new();
    let _ = timeout(PATIENCE, connection.read_to_end(&mut answer)).await.expect("it is still open");
    String::from_utf8_lossy(&answer).into_owned()
}

/// The most memory that the process ever had, bytes.
fn peak(pid: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

const MIB: usize = 1024 * 1024;

#[actix_web::test]
async fn a_body_that_decompresses_to_a_quarter_of_a_gigabyte_takes_no_more_than_an_envelope_may() {
    let (process, url) = start();
    let bomb = brotli_bomb();
    for _ in 0..3 {
        let headers = format!("Content-Encoding: br\r\nConnection: close\r\nContent-Length: {}", bomb.len());
        let reported = answer(upload(&url, &headers, &bomb).await).await;
        assert!(reported.starts_with("HTTP/1.1 413"), "{reported}");
    }
    let peak = peak(process.pid());
    assert!(peak < 120 * MIB, "{} MiB", peak / MIB);
}

#[actix_web::test]
async fn unfinished_uploads_hold_no_more_than_their_bound_together() {
    let (process, url) = start();
    let body = vec![b'x'; 19 * MIB];
    let mut connections = Vec::new();
    for _ in 0..40 {
        connections.push(upload(&url, &format!("Content-Length: {}", 20 * MIB), &body).await);
    }
    let mut statuses = JoinSet::new();
    for mut connection in connections {
        statuses.spawn(async move {
            let mut status = [0; 12];
            let read = connection.read_exact(&mut status).await;
            read.is_ok() && &status == b"HTTP/1.1 503"
        });
    }
    // Those that are held are answered when they have stalled. Where the client itself is slow, others are held then.
    let some_refused = async { while !statuses.join_next().await.expect("one is refused").unwrap() {} };
    timeout(PATIENCE, some_refused).await.expect("one is refused");
    let peak = peak(process.pid());
    assert!(peak < 250 * MIB, "{} MiB", peak / MIB);
    let given_back = async {
        let post = || crate::helpers::http().post(format!("{url}/api/1/envelope/")).body(message("after"));
        while post().send().await.unwrap().status() != 200 {}
    };
    timeout(PATIENCE, given_back).await.expect("what the others held is given back");
}

#[actix_web::test]
async fn an_upload_that_stops_is_408_in_json_and_closed() {
    let (_process, url) = start();
    for rest in
        ["Content-Length: 100", "Transfer-Encoding: chunked", "Content-Encoding: gzip\r\nContent-Length: 9"]
    {
        let reported = answer(upload(&url, rest, b"").await).await;
        assert!(reported.starts_with("HTTP/1.1 408"), "{reported}");
        let body: Value = serde_json::from_str(reported.split_once("\r\n\r\n").unwrap().1).unwrap();
        assert_eq!(body["type"], json!("RequestTimeout"), "{reported}");
    }
}
