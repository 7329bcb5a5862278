//! A copy of every envelope for another server.

use std::net::{SocketAddr, TcpListener};

use inbox::{Inbox, Options, Url};
use reqwest::Method;

use crate::helpers::{App, message, spawn_app_with};

/// An inbox that forwards to this address.
async fn forwarding_to(addr: SocketAddr) -> App {
    let to: Url = format!("http://{addr}").parse().unwrap();
    spawn_app_with(Options { forward: Some(to), ..Options::default() }).await
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
    let later = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
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
