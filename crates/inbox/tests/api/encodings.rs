//! Bodies in every encoding that clients use.

use std::io::Write;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use reqwest::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::helpers::{Answer, App, answer, message, spawn_app};

/// The longest envelope, decompressed.
const LIMIT: usize = 20 * 1024 * 1024;

type Encode = fn(&[u8]) -> Vec<u8>;

async fn send(app: &App, encoding: &str, body: Vec<u8>) -> Answer {
    let request = app.request(Method::POST, "/api/1/envelope/");
    answer(request.header("Content-Encoding", encoding).body(body)).await
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn deflate(plain: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn brotli(plain: &[u8]) -> Vec<u8> {
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &*plain, &mut compressed, &Default::default()).unwrap();
    compressed
}

fn zstd(plain: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(plain, ruzstd::encoding::CompressionLevel::Fastest)
}

/// What zstd 1.5 makes, at level 19, of a message of forty words.
const BY_ZSTD: &str = "KLUv/WAYAE0CAKQDeyJldmVudF9pZCI6IjAxMjM0NTY3ODlhYmNkZWYifQp7InR5cGUiOm1lc3NhZ2UiOiJ6c3RkICJ9CgQAQBQqmm1phc0GmXk=";

#[actix_web::test]
async fn a_frame_of_the_real_zstd_and_several_frames_are_undone() {
    let app = spawn_app().await;
    let whole = BASE64_STANDARD.decode(BY_ZSTD).unwrap();
    assert_eq!(send(&app, "zstd", whole).await.status, 200);
    assert_eq!(app.inbox.events()[0]["message"], "zstd ".repeat(40));
    let plain = message("in two frames");
    let (first, second) = plain.split_at(plain.len() / 2);
    let frames = [zstd(first.as_bytes()), zstd(second.as_bytes())].concat();
    assert_eq!(send(&app, "zstd", frames).await.status, 200);
    assert_eq!(app.inbox.events()[1]["message"], "in two frames");
}

#[actix_web::test]
async fn a_zstd_window_beyond_the_bound_is_refused_unallocated() {
    let app = spawn_app().await;
    // A frame whose header asks for a window of 64 MiB: exponent 16, mantissa 0.
    let header = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 16 << 3];
    let answer = send(&app, "zstd", [&header[..], &[1, 0, 0]].concat()).await;
    assert_eq!(answer.status, 400, "{answer:?}");
    assert!(answer.body["error"].as_str().unwrap().contains("window"), "{answer:?}");
}

/// An envelope of exactly that length.
fn of_length(length: usize) -> Vec<u8> {
    let mut envelope = b"{}\n{\"type\":\"attachment\"}\n".to_vec();
    envelope.resize(length, b'x');
    envelope
}

#[actix_web::test]
async fn each_encoding_is_undone() {
    let app = spawn_app().await;
    let encodings: [(&str, Encode); 7] = [
        ("identity", <[u8]>::to_vec),
        ("gzip", gzip),
        ("GZIP", gzip),
        ("x-gzip", gzip),
        ("deflate", deflate),
        ("br", brotli),
        ("zstd", zstd),
    ];
    for (encoding, encode) in encodings {
        let answer = send(&app, encoding, encode(message(encoding).as_bytes())).await;
        assert_eq!(answer.status, 200, "{encoding}: {answer:?}");
        assert_eq!(app.inbox.events().last().unwrap()["message"], encoding);
    }
}

#[actix_web::test]
async fn a_body_without_a_length_comes_in_chunks() {
    let app = spawn_app().await;
    let mut connection = TcpStream::connect(app.inbox.addr()).await.unwrap();
    let head = "POST /api/1/envelope/ HTTP/1.1\r\nHost: inbox\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    connection.write_all(head.as_bytes()).await.unwrap();
    for piece in message("in pieces").as_bytes().chunks(7) {
        connection.write_all(format!("{:x}\r\n", piece.len()).as_bytes()).await.unwrap();
        connection.write_all(piece).await.unwrap();
        connection.write_all(b"\r\n").await.unwrap();
    }
    connection.write_all(b"0\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(app.inbox.events()[0]["message"], "in pieces");
}

#[actix_web::test]
async fn a_body_that_is_not_what_it_says_is_refused() {
    let app = spawn_app().await;
    for encoding in ["gzip", "deflate", "br"] {
        let answer = send(&app, encoding, message("plain").into_bytes()).await;
        assert_eq!(answer.status, 400, "{encoding}: {answer:?}");
        assert!(answer.body["error"].is_string(), "{encoding}: {answer:?}");
    }
    assert_eq!(app.inbox.stats().rejected, 3);
    assert!(app.inbox.events().is_empty());
}

#[actix_web::test]
async fn a_compressed_body_that_ends_too_early_is_refused() {
    let app = spawn_app().await;
    let mut torn = gzip(message("torn").as_bytes());
    torn.truncate(torn.len() / 2);
    assert_eq!(send(&app, "gzip", torn).await.status, 400);
    assert!(app.inbox.events().is_empty());
}

#[actix_web::test]
async fn an_unknown_encoding_is_415_and_names_the_known_ones() {
    let app = spawn_app().await;
    let answer = send(&app, "snappy", message("unreadable").into_bytes()).await;
    assert_eq!(answer.status, 415);
    let reported = answer.body["error"].as_str().unwrap();
    assert!(
        reported.contains("snappy") && reported.contains("identity, gzip, x-gzip, deflate, br, zstd"),
        "{reported}"
    );
    assert_eq!(app.inbox.stats().rejected, 1);
}

#[actix_web::test]
async fn the_limit_is_of_decompressed_bytes() {
    let app = spawn_app().await;
    let answer = send(&app, "gzip", gzip(&of_length(LIMIT))).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let encodings: [(&str, Encode); 4] =
        [("gzip", gzip), ("deflate", deflate), ("br", brotli), ("zstd", zstd)];
    for (encoding, encode) in encodings {
        let answer = send(&app, encoding, encode(&of_length(LIMIT + 1))).await;
        assert_eq!(answer.status, 413, "{encoding}: {answer:?}");
        let reported = answer.body["error"].as_str().unwrap();
        assert!(reported.contains(&LIMIT.to_string()), "{reported}");
    }
    assert_eq!((app.inbox.stats().envelopes, app.inbox.stats().rejected), (1, 4));
}

#[actix_web::test]
async fn a_length_beyond_the_limit_is_refused_unread() {
    let app = spawn_app().await;
    let mut connection = TcpStream::connect(app.inbox.addr()).await.unwrap();
    let head =
        format!("POST /api/1/envelope/ HTTP/1.1\r\nHost: inbox\r\nContent-Length: {}\r\n\r\n", LIMIT + 1);
    connection.write_all(head.as_bytes()).await.unwrap();
    // Nothing of the body is ever sent.
    let mut status = [0; 12];
    connection.read_exact(&mut status).await.unwrap();
    assert_eq!(&status, b"HTTP/1.1 413");
}

#[actix_web::test]
async fn two_encodings_are_refused_however_they_are_said() {
    let app = spawn_app().await;
    let twice = gzip(&gzip(message("nested").as_bytes()));
    assert_eq!(send(&app, "gzip, gzip", twice.clone()).await.status, 415);
    let request = app.request(Method::POST, "/api/1/envelope/");
    let request = request.header("Content-Encoding", "gzip").header("Content-Encoding", "gzip");
    assert_eq!(answer(request.body(twice)).await.status, 415);
}

#[actix_web::test]
async fn the_limit_is_of_all_members_together() {
    let app = spawn_app().await;
    let half = gzip(&of_length(LIMIT / 2 + 1));
    assert_eq!(send(&app, "gzip", [half.clone(), half].concat()).await.status, 413);
    let head = gzip(b"{}\n{\"type\":\"attachment\"}\n");
    let answer = send(&app, "gzip", [head, gzip(b"rest")].concat()).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[actix_web::test]
async fn every_compressed_body_that_is_torn_or_followed_by_more_is_refused() {
    let app = spawn_app().await;
    let encodings: [(&str, Encode); 4] =
        [("gzip", gzip), ("deflate", deflate), ("br", brotli), ("zstd", zstd)];
    for (encoding, encode) in encodings {
        let whole = encode(b"{}\n{\"type\":\"attachment\"}\nxyz");
        let torn = &whole[..whole.len() - 3];
        assert_eq!(send(&app, encoding, torn.to_vec()).await.status, 400, "{encoding}, torn");
        let more = [&whole[..], b"garbage"].concat();
        assert_eq!(send(&app, encoding, more).await.status, 400, "{encoding}, with more");
    }
}
