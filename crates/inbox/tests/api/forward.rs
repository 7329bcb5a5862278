//! A copy of every envelope for another server.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use inbox::{Inbox, Options, Url};
use reqwest::Method;
use tokio::net::TcpSocket;

use crate::helpers::{App, message, spawn_app_with};

/// An inbox that forwards to this address.
async fn forwarding_to(addr: SocketAddr) -> App {
    let to: Url = format!("http://{addr}").parse().unwrap();
    spawn_app_with(Options { forward: Some(to), ..Options::default() }).await
}

/// An address where nobody listens until a test's own server does. As long as the socket is held, no other test gets the
/// port.
fn port_for_later() -> (SocketAddr, TcpSocket) {
    let socket = TcpSocket::new_v4().unwrap();
    // Servers ask for the same, and may share it with a socket that does not listen.
    socket.set_reuseaddr(true).unwrap();
    socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    (socket.local_addr().unwrap(), socket)
}

#[actix_web::test]
async fn what_arrives_arrives_there_too_in_the_same_project() {
    let other = Inbox::start().await.unwrap();
    let app = forwarding_to(other.addr()).await;
    let sent = app.request(Method::POST, "/api/7/envelope/?sentry_key=k").body(message("hello")).send().await;
    assert_eq!(sent.unwrap().status(), 200);
    other.wait_until("the copy", |other| !other.events().is_empty()).await.unwrap();
    assert_eq!(other.events()[0]["message"], app.inbox.events()[0]["message"]);
    assert_eq!(other.issues()[0].project, "7");
}

#[actix_web::test]
async fn one_that_comes_later_gets_what_waited() {
    let (later, _held) = port_for_later();
    let app = forwarding_to(later).await;
    for text in ["first", "second"] {
        let sent = app.request(Method::POST, "/api/1/envelope/").body(message(text)).send().await;
        assert_eq!(sent.unwrap().status(), 200);
    }
    let other = Inbox::start_with(Options { addr: later, ..Options::default() }).await.unwrap();
    other.wait_until("both copies", |other| other.events().len() == 2).await.unwrap();
}

#[actix_web::test]
async fn what_is_refused_here_is_not_sent_there() {
    let other = Inbox::start().await.unwrap();
    let app = forwarding_to(other.addr()).await;
    let torn = app.request(Method::POST, "/api/1/envelope/").body("{").send().await.unwrap();
    assert_eq!(torn.status(), 400);
    app.request(Method::POST, "/api/1/envelope/").body(message("good")).send().await.unwrap();
    other.wait_until("the good one", |other| !other.events().is_empty()).await.unwrap();
    assert_eq!(other.stats().rejected, 0);
}

/// An inbox that forwards to itself, under that name.
async fn forwarding_to_itself(host: &str) -> App {
    let (addr, _held) = port_for_later();
    let to: Url = format!("http://{host}:{}", addr.port()).parse().unwrap();
    spawn_app_with(Options { addr, forward: Some(to), ..Options::default() }).await
}

#[actix_web::test]
async fn an_inbox_that_forwards_to_itself_multiplies_nothing() {
    for host in ["127.0.0.1", "localhost"] {
        let app = forwarding_to_itself(host).await;
        app.accepted(message("once")).await;
        app.inbox.wait_until("the copy is refused", |inbox| inbox.stats().rejected == 1).await.unwrap();
        app.accepted(message("twice")).await;
        app.inbox.wait_until("the other, too", |inbox| inbox.stats().rejected == 2).await.unwrap();
        assert_eq!(app.inbox.stats().items["event"], 2, "{host}");
    }
}

#[actix_web::test]
async fn two_inboxes_that_forward_to_each_other_multiply_nothing() {
    let (later, _held) = port_for_later();
    let one = forwarding_to(later).await;
    let to: Url = one.inbox.url().parse().unwrap();
    let other =
        Inbox::start_with(Options { addr: later, forward: Some(to), ..Options::default() }).await.unwrap();
    for text in ["first", "second"] {
        one.accepted(message(text)).await;
    }
    other.wait_until("both copies", |other| other.events().len() == 2).await.unwrap();
    assert_eq!((one.inbox.stats().items["event"], one.inbox.stats().rejected), (2, 0));
}

/// A server that answers each request so, and what it was asked: request lines.
fn server(answer: &'static str) -> (Url, std::sync::mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let (asked, requests) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = vec![0; 64 * 1024];
            let read = stream.read(&mut request).unwrap();
            let _ = asked.send(String::from_utf8_lossy(&request[..read]).into_owned());
            let _ = stream.write_all(answer.as_bytes());
            if answer.ends_with("endless") {
                while stream.write_all(&[b'x'; 64 * 1024]).is_ok() {}
                let _ = asked.send("closed".to_owned());
            }
        }
    });
    (url, requests)
}

#[actix_web::test]
async fn a_request_that_names_another_server_is_forwarded_to_the_configured_one() {
    let (other, asked) = server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let (to, requests) = server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let to = to.join("/base/").unwrap();
    let app = spawn_app_with(Options { forward: Some(to.clone()), ..Options::default() }).await;
    for target in [format!("{other}api/1/envelope/"), format!("{other}api/1/envelope/?sentry_key=k")] {
        let mut connection = std::net::TcpStream::connect(app.inbox.addr()).unwrap();
        let body = message("it");
        let head =
            format!("POST {target} HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        connection.write_all(head.as_bytes()).unwrap();
        let request = requests.recv().unwrap();
        assert!(request.starts_with("POST /base/api/1/envelope/"), "{request}");
        assert!(request.to_lowercase().contains(&format!("host: {}", to.authority())), "{request}");
    }
    assert!(asked.try_recv().is_err(), "nothing goes elsewhere");
}

#[actix_web::test]
async fn a_redirect_is_not_followed() {
    let (other, asked) = server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let redirect = format!(
        "HTTP/1.1 307 Temporary Redirect\r\nLocation: {other}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
    let (to, requests) = server(Box::leak(redirect.into_boxed_str()));
    let app = spawn_app_with(Options { forward: Some(to), ..Options::default() }).await;
    for text in ["first", "second"] {
        app.accepted(message(text)).await;
        let request = requests.recv().unwrap();
        assert!(request.starts_with("POST /api/1/envelope/"), "{request}");
    }
    // The second was sent once the first was answered: a redirect would have been followed before.
    assert!(asked.try_recv().is_err());
}

#[actix_web::test]
async fn an_answer_without_end_is_not_read_to_it() {
    let (to, requests) = server("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nendless");
    let app = spawn_app_with(Options { forward: Some(to), ..Options::default() }).await;
    app.accepted(message("it")).await;
    assert!(requests.recv().unwrap().starts_with("POST"));
    assert_eq!(requests.recv().unwrap(), "closed");
}

/// The rate limits with which an envelope to a project is answered, once there are any.
async fn limits_of(app: &App, project: u32) -> String {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let path = format!("/api/{project}/envelope/");
        let answer = app.request(Method::POST, &path).body(message("it")).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        if let Some(limits) = answer.headers().get("x-sentry-rate-limits") {
            return limits.to_str().unwrap().to_owned();
        }
        assert!(Instant::now() < deadline, "no limits");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[actix_web::test]
async fn clients_hear_of_the_rate_limits_of_the_other_server_in_their_project_alone() {
    let (to, requests) = server(
        "HTTP/1.1 200 OK\r\nX-Sentry-Rate-Limits: 600:transaction;profile_chunk:organization:usage_exceeded\r\n\
         Content-Length: 0\r\nConnection: close\r\n\r\n",
    );
    let app = spawn_app_with(Options { forward: Some(to), ..Options::default() }).await;
    let limits = limits_of(&app, 7).await;
    let (seconds, of) = limits.split_once(':').unwrap();
    assert_eq!(of, "transaction;profile_chunk:organization:usage_exceeded");
    assert!((500..=600).contains(&seconds.parse::<u32>().unwrap()), "{limits}");
    assert!(requests.recv().unwrap().starts_with("POST /api/7/"));
    let other = app.request(Method::POST, "/api/8/envelope/").body(message("it")).send().await.unwrap();
    assert_eq!(other.headers().get("x-sentry-rate-limits"), None);
}

#[actix_web::test]
async fn what_the_other_server_refuses_is_held_here_and_clients_are_told_to_wait() {
    let (to, _requests) = server(
        "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 600\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    );
    let app = spawn_app_with(Options { forward: Some(to), ..Options::default() }).await;
    assert!(limits_of(&app, 1).await.ends_with("::organization"));
    assert!(!app.inbox.events().is_empty());
}
