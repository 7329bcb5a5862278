//! Receivers that answer what no Sentry would: elsewhere, without an end, too slowly, too large.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use actix_web::{App as Server, HttpRequest, HttpResponse, HttpServer, web};
use flate2::read::GzDecoder;
use inbox::Answer;
use sentry::protocol::{Breadcrumb, Event};
use sentry_delivery::Delivery;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::helpers::{
    SHUTDOWN_TIMEOUT, app_with, close, close_in_time, error, errors, hub, inbox, noise, with_header,
};

#[actix_web::test]
async fn a_redirect_is_a_failed_send_and_leads_nowhere() {
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = inbox(Answer::default()).await;
        let to_elsewhere = with_header(status, "Location", &format!("{}/api/1/envelope/", elsewhere.url()));
        let app = app_with(Delivery::default(), to_elsewhere).await;
        errors(&app.hub, 20);
        app.inbox.wait_until("a second attempt", |inbox| inbox.stats().rejected >= 3).await.unwrap();
        let seen = elsewhere.stats();
        assert_eq!((seen.envelopes, seen.rejected), (0, 0), "{status}");
        app.inbox.set_answer(Answer::default());
        app.wait_for_events(20).await;
        assert!(close(&app.hub).await);
        assert_eq!((app.items("event"), app.discarded("error")), (20, vec![]), "{status}");
    }
}

#[actix_web::test]
async fn what_is_redirected_until_the_end_is_reported_as_discarded_by_the_next_start() {
    let folder = crate::spool::Folder::new();
    let app = app_with(folder.delivery(), with_header(302, "Location", "http://127.0.0.1:9/")).await;
    crate::helpers::transaction(&app.hub);
    app.inbox.wait_until("an attempt", |inbox| inbox.stats().rejected >= 2).await.unwrap();
    assert!(!close_in_time(&app.hub).await, "the transaction is lost");
    let next = crate::spool::next(&folder).await;
    next.inbox.wait_until("the report", |_| !next.discarded("transaction").is_empty()).await.unwrap();
    assert_eq!(next.discarded("transaction"), [("network_error".to_owned(), 1)]);
}

#[actix_web::test]
async fn a_redirect_of_spotlight_leads_nowhere() {
    let elsewhere = inbox(Answer::default()).await;
    let sidecar = inbox(with_header(307, "Location", &format!("{}/api/1/envelope/", elsewhere.url()))).await;
    let spotlight = format!("{}/api/1/envelope/", sidecar.url()).parse().unwrap();
    let hub = hub("", Delivery { spotlight: Some(spotlight), ..Delivery::default() });
    error(&hub, "seen nowhere else");
    sidecar.wait_until("the copy", |inbox| inbox.stats().rejected >= 1).await.unwrap();
    assert!(close(&hub).await);
    assert_eq!(elsewhere.stats().envelopes, 0);
}

/// A receiver that reads a request and then does as it likes with the connection.
async fn receiver<F: Future<Output = io::Result<()>> + Send + 'static>(
    answer: impl Fn(TcpStream) -> F + Send + Sync + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dsn = format!("http://key@{}/1", listener.local_addr().unwrap());
    let answer = Arc::new(answer);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = Arc::clone(&answer);
            tokio::spawn(async move {
                // The head at least; what of the body is not read yet stays where it is.
                let _ = stream.read(&mut [0; 16 * 1024]).await;
                let _ = answer(stream).await;
            });
        }
    });
    dsn
}

/// Writes the beginning, and then the rest over and over, until the other side closes. How much that was goes to `sent`.
async fn without_end(
    mut stream: TcpStream,
    head: &[u8],
    rest: &[u8],
    sent: Arc<AtomicUsize>,
) -> io::Result<()> {
    stream.write_all(head).await?;
    loop {
        sent.fetch_add(rest.len(), SeqCst);
        stream.write_all(rest).await?;
    }
}

/// What the system keeps between the two ends of one connection, at most, and the client may read.
const BETWEEN: usize = 16 * 1024 * 1024;

#[actix_web::test]
async fn an_answer_without_an_end_is_read_for_64_kib_and_its_envelope_is_delivered() {
    for head in ["HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"] {
        let (sent, answers) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (counted, ended) = (Arc::clone(&sent), Arc::clone(&answers));
        let dsn = receiver(move |stream| {
            let (sent, answers) = (Arc::clone(&counted), Arc::clone(&ended));
            async move {
                let result = without_end(stream, head.as_bytes(), &[b'x'; 64 * 1024], sent).await;
                answers.fetch_add(1, SeqCst);
                result
            }
        })
        .await;
        let hub = hub(&dsn, Delivery::default());
        error(&hub, "delivered all the same");
        assert!(close(&hub).await, "the receiver has it");
        // The question at the start, and the event; both are ended by the client.
        let ended = async {
            while answers.load(SeqCst) < 2 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(300), ended).await.unwrap();
        assert!(sent.load(SeqCst) < 2 * BETWEEN, "{}", sent.load(SeqCst));
    }
}

#[actix_web::test]
async fn a_head_without_an_end_is_a_failed_send_and_is_not_kept() {
    for head in ["HTTP/1.1 200 OK\r\nX-Long: ", "HTTP/1.1 ", "HTTP/1.1 200 OK\r\nX: y\r\n"] {
        let sent = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&sent);
        let rest = if head.ends_with('\n') { "X: y\r\n".repeat(1_000) } else { "x".repeat(6_000) };
        let dsn = receiver(move |stream| {
            let (sent, rest) = (Arc::clone(&counted), rest.clone());
            async move { without_end(stream, head.as_bytes(), rest.as_bytes(), sent).await }
        })
        .await;
        let hub = hub(&dsn, Delivery::default());
        error(&hub, "not delivered");
        let began = Instant::now();
        assert!(!close_in_time(&hub).await, "nobody has taken it");
        assert!(began.elapsed() < SHUTDOWN_TIMEOUT + Duration::from_secs(30));
        // A shutdown tries a few times a second.
        assert!(sent.load(SeqCst) < 100 * BETWEEN, "{}", sent.load(SeqCst));
    }
}

#[actix_web::test]
async fn an_answer_that_drips_holds_its_connection_for_two_seconds_only() {
    let dsn = receiver(|mut stream| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n").await?;
        loop {
            stream.write_all(b"x").await?;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    let hub = hub(&dsn, Delivery::default());
    error(&hub, "delivered with the head of the answer");
    let began = Instant::now();
    assert!(close(&hub).await);
    // Read to its end, or for as long as a whole answer may take, it holds on for ten seconds or more.
    assert!(began.elapsed() < Duration::from_secs(9), "{:?}", began.elapsed());
}

/// Bodies of envelopes that a receiver has taken, and how many it found too large.
type Taken = Arc<Mutex<(Vec<String>, usize)>>;

/// Finds bodies too large that are longer than this.
const LARGEST: usize = 16 * 1024;

fn with_a_limit() -> (String, Taken) {
    let taken = Taken::default();
    let shared = web::Data::new(Arc::clone(&taken));
    let server = HttpServer::new(move || {
        let payload = web::PayloadConfig::new(64 * 1024 * 1024);
        let take = web::post().to(take);
        Server::new().app_data(shared.clone()).app_data(payload).route("/api/1/envelope/", take)
    });
    // On a busy machine, a request takes longer to arrive than the default of five seconds.
    let server = server.client_request_timeout(Duration::from_secs(300));
    let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
    let dsn = format!("http://key@{}/1", server.addrs()[0]);
    actix_web::rt::spawn(server.run());
    (dsn, taken)
}

async fn take(request: HttpRequest, body: web::Bytes, taken: web::Data<Taken>) -> HttpResponse {
    let mut text = String::new();
    match request.headers().contains_key("content-encoding") {
        true => io::Read::read_to_string(&mut GzDecoder::new(&*body), &mut text).unwrap(),
        false => io::Read::read_to_string(&mut &*body, &mut text).unwrap(),
    };
    let mut taken = taken.lock().unwrap();
    if text.len() > LARGEST {
        taken.1 += 1;
        return HttpResponse::PayloadTooLarge().finish();
    }
    taken.0.push(text);
    HttpResponse::Ok().finish()
}

#[actix_web::test]
async fn an_envelope_that_is_too_large_is_sent_once_more_with_less_in_it() {
    let (dsn, taken) = with_a_limit();
    let hub = hub(&dsn, Delivery::default());
    let crumb = |number: u64| Breadcrumb { message: Some(noise(1_000, number)), ..Breadcrumb::default() };
    hub.capture_event(Event {
        message: Some("what happened".to_owned()),
        breadcrumbs: (0..100).map(crumb).collect::<Vec<_>>().into(),
        ..Event::default()
    });
    assert!(close(&hub).await);
    let taken = taken.lock().unwrap();
    let events: Vec<_> = taken.0.iter().filter(|body| body.contains("\"type\":\"event\"")).collect();
    assert_eq!((taken.1, events.len()), (1, 1));
    assert!(events[0].contains("what happened") && events[0].contains("reduced"), "{}", events[0]);
}

#[actix_web::test]
async fn what_is_too_large_even_so_is_counted_as_discarded_after_the_second_attempt() {
    let app = app_with(Delivery::default(), crate::helpers::status(413)).await;
    app.inbox.wait_until("the start-up check", |inbox| inbox.stats().rejected >= 1).await.unwrap();
    error(&app.hub, &noise(5_000, 1));
    app.flush().await;
    // The start-up check and two attempts.
    assert!(app.inbox.stats().rejected >= 3);
    app.inbox.set_answer(Answer::default());
    assert!(close(&app.hub).await);
    assert_eq!((app.items("event"), app.discarded("error")), (0, vec![("send_error".to_owned(), 1)]));
}
