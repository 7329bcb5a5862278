//! Copies for Spotlight.

use std::io::Read;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::{App as Server, HttpRequest, HttpServer, web};
use flate2::read::GzDecoder;
use inbox::Answer;
use sentry_delivery::Delivery;

use crate::helpers::{app_with, close, error, hub, transaction};

/// What a sidecar got: content type, content encoding, bytes.
type Taken = Arc<Mutex<Vec<(String, String, Vec<u8>)>>>;

/// Stands in for the sidecar, which ignores what comes under another content type. Its URL.
fn sidecar() -> (String, Taken) {
    let taken = Taken::default();
    let shared = web::Data::new(Arc::clone(&taken));
    let server = HttpServer::new(move || {
        Server::new().app_data(shared.clone()).route("/stream", web::post().to(take))
    });
    // On a busy machine, a request takes longer to arrive than the default of five seconds.
    let server = server.client_request_timeout(Duration::from_secs(300));
    let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/stream", server.addrs()[0]);
    actix_web::rt::spawn(server.run());
    (url, taken)
}

async fn take(request: HttpRequest, body: web::Bytes, taken: web::Data<Taken>) -> &'static str {
    let header =
        |name: &str| request.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
    taken.lock().unwrap().push((header("content-type"), header("content-encoding"), body.to_vec()));
    ""
}

fn delivery(url: &str) -> Delivery {
    Delivery { spotlight: Some(url.parse().unwrap()), ..Delivery::default() }
}

/// How many envelopes with an item of this type arrived.
fn count(taken: &Taken, ty: &str) -> usize {
    let needle = format!("\"type\":\"{ty}\"");
    let taken = taken.lock().unwrap();
    taken.iter().filter(|(_, _, body)| String::from_utf8_lossy(body).contains(&needle)).count()
}

#[actix_web::test]
async fn a_copy_of_everything_goes_to_spotlight_under_the_right_content_type() {
    let (url, taken) = sidecar();
    let app = app_with(delivery(&url), Answer::default()).await;
    error(&app.hub, "seen twice");
    transaction(&app.hub);
    assert!(close(&app.hub).await);
    assert_eq!((app.items("event"), app.items("transaction")), (1, 1));
    assert_eq!((count(&taken, "event"), count(&taken, "transaction")), (1, 1));
    assert!(taken.lock().unwrap().iter().all(|(ty, _, _)| ty == "application/x-sentry-envelope"));
}

#[actix_web::test]
async fn spotlight_works_without_a_dsn() {
    let (url, taken) = sidecar();
    let hub = hub("", delivery(&url));
    error(&hub, "seen once");
    assert!(hub.last_event_id().is_some_and(|id| !id.is_nil()));
    assert!(close(&hub).await);
    assert_eq!(count(&taken, "event"), 1);
}

#[actix_web::test]
async fn a_spotlight_that_is_not_there_costs_nothing() {
    // Nothing listens on the discard port of this machine; were something there, it would not answer.
    let app = app_with(delivery("http://127.0.0.1:9/stream"), Answer::default()).await;
    (0..500).for_each(|number| error(&app.hub, &format!("failure {number}")));
    app.wait_for_events(500).await;
    assert!(close(&app.hub).await);
    assert_eq!(app.inbox.stats().discarded, []);
}

#[actix_web::test]
async fn a_large_envelope_is_compressed() {
    let (url, taken) = sidecar();
    let hub = hub("", delivery(&url));
    error(&hub, &"long ".repeat(4_000));
    assert!(close(&hub).await);
    let taken = taken.lock().unwrap();
    let (_, encoding, body) = taken.last().unwrap();
    assert_eq!(encoding, "gzip");
    let mut plain = Vec::new();
    GzDecoder::new(body.as_slice()).read_to_end(&mut plain).unwrap();
    assert!(plain.len() > 20_000, "{}", plain.len());
}
