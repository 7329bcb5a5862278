//! The Sentry at the other end: counts what arrives, answers after a delay, and can be down for a while.

use std::collections::{BTreeMap, HashSet};
use std::io::Read;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use flate2::read::GzDecoder;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::{Error, child, load};

/// Longest envelope.
const MAX_ENVELOPE: usize = 20 * 1024 * 1024;

/// What arrived.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(crate) struct Received {
    /// Different events.
    pub(crate) events: u64,
    /// Events that had arrived before.
    pub(crate) twice: u64,
    /// Events of the watchdog: nobody asks for them, so nobody knows how many there are to be.
    pub(crate) stalls: u64,
    pub(crate) transactions: u64,
    pub(crate) profile_chunks: u64,
    /// Requests that release health counts.
    pub(crate) sessions: u64,
    /// What client reports count, by category.
    pub(crate) discarded: BTreeMap<String, u64>,
}

#[derive(Debug, Default)]
struct State {
    received: Received,
    ids: HashSet<String>,
}

type Shared = web::Data<Mutex<State>>;

/// Serves until it is asked to stop. The line `down 20` on its standard input closes all connections for 20 seconds.
pub(crate) fn serve(delay: Duration) -> Result<(), Error> {
    actix_web::rt::System::new().block_on(async {
        let state: Shared = web::Data::new(Mutex::default());
        let (mut address, mut server) = listen(SocketAddr::from(([127, 0, 0, 1], 0)), &state, delay)?;
        child::tell_address(address);
        let mut lines = BufReader::new(tokio::io::stdin()).lines();
        while let Some(line) = lines.next_line().await? {
            if let Some(seconds) = line.strip_prefix("down ").and_then(|it| it.parse().ok()) {
                server.stop(false).await;
                tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
                (address, server) = listen(address, &state, delay)?;
            }
        }
        Ok(())
    })
}

fn listen(
    address: SocketAddr,
    state: &Shared,
    delay: Duration,
) -> Result<(SocketAddr, actix_web::dev::ServerHandle), Error> {
    let state = state.clone();
    let server = HttpServer::new(move || {
        App::new()
            .app_data(state.clone())
            .app_data(web::Data::new(delay))
            .app_data(web::PayloadConfig::new(MAX_ENVELOPE))
            .route("/api/{project}/envelope/", web::post().to(receive))
            .route("/received", web::get().to(received))
    });
    // As long as clients keep theirs.
    let server = server.workers(1).keep_alive(Duration::from_secs(100)).disable_signals().bind(address)?;
    let address = server.addrs().first().copied().unwrap_or(address);
    let server = server.run();
    let handle = server.handle();
    actix_web::rt::spawn(server);
    Ok((address, handle))
}

async fn receive(
    request: HttpRequest,
    body: web::Bytes,
    state: Shared,
    delay: web::Data<Duration>,
) -> HttpResponse {
    if !delay.is_zero() {
        tokio::time::sleep(**delay).await;
    }
    let body = match request.headers().contains_key("content-encoding") {
        true => plain(&body),
        false => Ok(body.to_vec()),
    };
    let Ok(body) = body else { return HttpResponse::BadRequest().finish() };
    count(&mut state.lock().unwrap_or_else(PoisonError::into_inner), &body);
    HttpResponse::Ok().content_type("application/json").body("{}")
}

fn plain(body: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    GzDecoder::new(body).take(MAX_ENVELOPE as u64).read_to_end(&mut plain)?;
    Ok(plain)
}

async fn received(state: Shared) -> HttpResponse {
    HttpResponse::Ok().json(&state.lock().unwrap_or_else(PoisonError::into_inner).received)
}

fn count(state: &mut State, body: &[u8]) {
    let mut rest = body;
    let header = take_line(&mut rest);
    while !rest.is_empty() {
        let item: Value = serde_json::from_slice(take_line(&mut rest)).unwrap_or_default();
        let length = item["length"].as_u64().and_then(|length| usize::try_from(length).ok());
        let payload = match length {
            Some(length) => &rest[..length.min(rest.len())],
            None => &rest[..rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len())],
        };
        rest = rest.get(payload.len() + 1..).unwrap_or_default();
        match item["type"].as_str() {
            Some("event") => count_event(state, header, payload),
            Some("transaction") => state.received.transactions += 1,
            Some("profile_chunk") => state.received.profile_chunks += 1,
            Some("sessions") => state.received.sessions += sessions(payload),
            Some("client_report") => discarded(&mut state.received.discarded, payload),
            _ => {}
        }
    }
}

fn count_event(state: &mut State, header: &[u8], payload: &[u8]) {
    let header: Value = serde_json::from_slice(header).unwrap_or_default();
    if state.ids.insert(header["event_id"].as_str().unwrap_or_default().to_owned()) {
        state.received.events += 1;
        state.received.stalls += u64::from(is_of_watchdog(payload));
    } else {
        state.received.twice += 1;
    }
}

/// Has the watchdog found a worker blocked, or running again? Most events are not read for it.
fn is_of_watchdog(payload: &[u8]) -> bool {
    const BLOCKED: &str = "EventLoopBlocked";
    const RECOVERED: &str = "The event loop runs again";
    let names = |text: &str| load::find(payload, text.as_bytes()).is_some();
    if !names(BLOCKED) && !names(RECOVERED) {
        return false;
    }
    let event: Value = serde_json::from_slice(payload).unwrap_or_default();
    let message = [&event["message"], &event["logentry"]["message"]].into_iter().find_map(Value::as_str);
    event["exception"]["values"][0]["type"] == BLOCKED || message.is_some_and(|it| it.starts_with(RECOVERED))
}

fn sessions(payload: &[u8]) -> u64 {
    let sessions: Value = serde_json::from_slice(payload).unwrap_or_default();
    let number = |bucket: &Value, name: &str| bucket[name].as_u64().unwrap_or(0);
    let states = ["exited", "errored", "crashed", "abnormal"];
    let buckets = sessions["aggregates"].as_array().into_iter().flatten();
    buckets.map(|bucket| states.iter().map(|state| number(bucket, state)).sum::<u64>()).sum()
}

fn discarded(sums: &mut BTreeMap<String, u64>, payload: &[u8]) {
    let report: Value = serde_json::from_slice(payload).unwrap_or_default();
    for line in report["discarded_events"].as_array().into_iter().flatten() {
        let category = line["category"].as_str().unwrap_or_default().to_owned();
        *sums.entry(category).or_default() += line["quantity"].as_u64().unwrap_or(0);
    }
}

fn take_line<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
    let line = &rest[..end];
    *rest = rest.get(end + 1..).unwrap_or_default();
    line
}
