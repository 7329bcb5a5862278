//! A server with short limits, and clients that keep it waiting.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

use std::net::SocketAddr;
use std::time::Duration;

use actix_web::middleware::from_fn;
use actix_web::{App, HttpMessage, HttpRequest, HttpResponse, HttpServer, web};
use http_limits::{Body, Limits, Refused, exchange, read_body};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Far more than the limits of these tests, far less than the defaults of actix-web and TCP.
const PATIENCE: Duration = Duration::from_secs(60);

/// More than twice as long as a first head may take in the test that blocks the worker.
const BLOCKED: Duration = Duration::from_millis(10_500);

fn limits() -> Limits {
    Limits {
        head: Duration::from_millis(300),
        body: Duration::from_secs(2),
        stall: Duration::from_millis(300),
        answer: Duration::from_millis(600),
        idle: Duration::from_millis(300),
        body_bytes: 1_000,
    }
}

async fn echo(request: HttpRequest, body: web::Bytes) -> HttpResponse {
    match request.extensions_mut().remove::<Refused>() {
        Some(Refused::Late) => HttpResponse::RequestTimeout().body("late"),
        Some(Refused::TooLarge(most)) => HttpResponse::PayloadTooLarge().body(most.to_string()),
        Some(Refused::Broken(reason)) => HttpResponse::BadRequest().body(reason),
        None => HttpResponse::Ok().body(body),
    }
}

/// Reads its body piece by piece.
async fn pieces(request: HttpRequest, payload: web::Payload) -> HttpResponse {
    match Body::new(&request, payload.into_inner()).collect(100_000).await {
        Ok(body) => HttpResponse::Ok().body(body.len().to_string()),
        Err(refused) => HttpResponse::RequestTimeout().body(format!("{refused:?}")),
    }
}

async fn long() -> HttpResponse {
    HttpResponse::Ok().body(vec![b'x'; 64 * 1024 * 1024])
}

/// Blocks the worker for longer than a first head may take.
async fn block() -> HttpResponse {
    std::thread::sleep(BLOCKED);
    HttpResponse::Ok().body("blocked")
}

fn serve(max_connections: usize) -> SocketAddr {
    // Longer than these tests: what is closed is closed by the watch.
    serve_with(limits(), max_connections, Duration::from_secs(300))
}

fn serve_with(limits: Limits, max_connections: usize, actix_head: Duration) -> SocketAddr {
    let server = HttpServer::new(|| {
        App::new()
            .service(web::scope("/pieces").wrap(from_fn(exchange)).route("", web::post().to(pieces)))
            .service(
                web::scope("")
                    .wrap(from_fn(read_body))
                    .route("/echo", web::to(echo))
                    .route("/long", web::to(long))
                    .route("/block", web::to(block)),
            )
    })
    .workers(1)
    .max_connections(max_connections)
    .on_connect(limits.on_connect(max_connections))
    .keep_alive(Duration::from_secs(300))
    .client_request_timeout(actix_head)
    .disable_signals()
    .bind(("127.0.0.1", 0))
    .unwrap();
    let address = server.addrs()[0];
    actix_web::rt::spawn(server.run());
    address
}

/// All that the server says until it closes; what it does not close in time is a failure.
async fn until_closed(connection: &mut TcpStream) -> String {
    let mut said = Vec::new();
    let read = connection.read_to_end(&mut said);
    // A reset after the answer is an end, too.
    let _ = tokio::time::timeout(PATIENCE, read).await.expect("the connection is still open");
    String::from_utf8_lossy(&said).into_owned()
}

async fn said_to(address: SocketAddr, sent: &str) -> String {
    let mut connection = TcpStream::connect(address).await.unwrap();
    connection.write_all(sent.as_bytes()).await.unwrap();
    until_closed(&mut connection).await
}

#[actix_web::test]
async fn a_first_head_that_does_not_end_is_408_in_json() {
    let address = serve(100);
    for head in ["", "GET /echo HTTP/1.1\r\nHost: a\r\n"] {
        let said = said_to(address, head).await;
        let (status, body) = said.split_once("\r\n\r\n").expect("an answer");
        assert!(status.starts_with("HTTP/1.1 408") && status.contains("application/json"), "{said}");
        assert!(body.starts_with("{\"error\":") && body.contains("\"type\":\"RequestTimeout\""), "{said}");
    }
}

#[actix_web::test]
async fn a_later_head_that_does_not_end_closes_the_connection() {
    let said = said_to(serve(100), "GET /echo HTTP/1.1\r\nHost: a\r\n\r\nGET /ec").await;
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");
}

#[actix_web::test]
async fn a_connection_that_stays_idle_is_closed() {
    assert!(said_to(serve(100), "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n").await.starts_with("HTTP/1.1 200"));
}

#[actix_web::test]
async fn a_body_that_stops_is_408_and_closes_however_it_is_framed_and_read() {
    let address = serve(100);
    for path in ["/echo", "/pieces"] {
        for rest in [
            "Content-Length: 9\r\n\r\n",
            "Content-Length: 9\r\n\r\nabc",
            "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
        ] {
            let said = said_to(address, &format!("POST {path} HTTP/1.1\r\nHost: a\r\n{rest}")).await;
            assert!(said.starts_with("HTTP/1.1 408"), "{path} {rest}: {said}");
        }
    }
}

#[actix_web::test]
async fn a_body_that_drips_is_408_although_it_never_stops() {
    for path in ["/echo", "/pieces"] {
        let mut connection = TcpStream::connect(serve(100)).await.unwrap();
        let head = format!("POST {path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        connection.write_all(head.as_bytes()).await.unwrap();
        let (mut read, mut write) = connection.into_split();
        let drip = async {
            while write.write_all(b"1\r\na\r\n").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            std::future::pending().await
        };
        let mut said = String::new();
        tokio::select! {
            _ = tokio::time::timeout(PATIENCE, read.read_to_string(&mut said)) => {}
            () = drip => {}
        }
        assert!(said.starts_with("HTTP/1.1 408"), "{path}: {said}");
    }
}

#[actix_web::test]
async fn a_body_beyond_the_limit_is_413_whether_it_says_its_length_or_not() {
    let address = serve(100);
    let chunk = format!("400\r\n{}\r\n0\r\n\r\n", "x".repeat(0x400));
    for rest in
        ["Content-Length: 1001\r\n\r\n".to_owned(), format!("Transfer-Encoding: chunked\r\n\r\n{chunk}")]
    {
        let said = said_to(address, &format!("POST /echo HTTP/1.1\r\nHost: a\r\n{rest}")).await;
        assert!(said.starts_with("HTTP/1.1 413") && said.ends_with("1000"), "{said}");
    }
}

#[actix_web::test]
async fn pipelined_requests_with_bodies_are_all_answered() {
    let one = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
    let said = said_to(serve(100), &one.repeat(5)).await;
    assert_eq!(said.matches("HTTP/1.1 200").count(), 5, "{said}");
    assert_eq!(said.matches("abc").count(), 5, "{said}");
}

#[actix_web::test]
async fn an_answer_that_is_not_taken_closes_the_connection() {
    let mut connection = TcpStream::connect(serve(100)).await.unwrap();
    // The second keeps the first from being the end of the exchange.
    let get = "GET /long HTTP/1.1\r\nHost: a\r\n\r\n";
    connection.write_all(get.repeat(3).as_bytes()).await.unwrap();
    // Writing fails once the other side is gone; reading would make it go on.
    let closed = async {
        while connection.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await
        }
    };
    tokio::time::timeout(PATIENCE, closed).await.expect("the connection is still open");
}

#[actix_web::test]
async fn new_clients_are_served_while_others_hold_every_connection() {
    let address = serve(20);
    let mut silent = Vec::new();
    for number in 0..100 {
        let mut connection = TcpStream::connect(address).await.unwrap();
        let rest = if number % 2 == 0 { "Content-Length: 9\r\n\r\n" } else { "" };
        connection.write_all(format!("POST /echo HTTP/1.1\r\nHost: a\r\n{rest}").as_bytes()).await.unwrap();
        silent.push(connection);
    }
    let said = said_to(address, "GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");
}

#[actix_web::test]
async fn a_client_is_not_blamed_for_the_time_in_which_its_worker_was_blocked() {
    const GET: &[u8] = b"GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let patient = Limits { head: Duration::from_secs(5), ..limits() };
    let address = serve_with(patient, 100, patient.actix_head());
    // The worker knows these before it is blocked: it takes connections in their order, and has answered a later one.
    let mut early = Vec::new();
    for _ in 0..20 {
        early.push(TcpStream::connect(address).await.unwrap());
    }
    assert!(said_to(address, std::str::from_utf8(GET).unwrap()).await.starts_with("HTTP/1.1 200"));
    let mut blocking = TcpStream::connect(address).await.unwrap();
    blocking.write_all(b"GET /block HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
    for connection in &mut early {
        connection.write_all(GET).await.unwrap();
    }
    // These arrive meanwhile, and say nothing until it is over.
    let mut late = Vec::new();
    for _ in 0..20 {
        late.push(TcpStream::connect(address).await.unwrap());
    }
    assert!(until_closed(&mut blocking).await.ends_with("blocked"));
    for connection in &mut early {
        let said = until_closed(connection).await;
        assert!(said.starts_with("HTTP/1.1 200"), "known before: {said}");
    }
    for connection in &mut late {
        // Writing fails if it is refused already; the answer says so.
        let _ = connection.write_all(GET).await;
        let said = until_closed(connection).await;
        assert!(said.starts_with("HTTP/1.1 200"), "new: {said}");
    }
}
