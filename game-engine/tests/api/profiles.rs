//! The profile of a really started process: what arrives, and whose it is.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fixtures::common::binary::NO_WATCHDOG;
use fixtures::profile::{self, Chunk};
use fixtures::service::Service;
use fixtures::{app::App, needed};
use inbox::Inbox;
use reqwest::Method;
use serde_json::{Value, json};

use crate::delivery::BINARY;

const RELEASE: &str = "game-engine@1.0.0";

async fn spawn(more: &[(&str, &str)]) -> App {
    let inbox = profile::inbox().await;
    let dsn = inbox.dsn();
    let usual = [("SENTRY_DSN", dsn.as_str()), NO_WATCHDOG];
    let service = Service::start(BINARY, &[&usual, more].concat());
    App::of(service, inbox)
}

/// The chunks, once there is one that goes on until that time.
async fn chunks_until(app: &App, time: f64) -> Vec<Chunk> {
    let reaches = |inbox: &Inbox| profile::chunks(inbox).iter().any(|chunk| chunk.end() >= time);
    app.inbox.wait_until("the chunks", reaches).await.unwrap();
    let chunks = profile::chunks(&app.inbox);
    chunks.iter().for_each(|chunk| chunk.assert_valid(RELEASE));
    chunks
}

/// A time of a payload.
fn seconds(time: &Value) -> f64 {
    time.as_f64().unwrap()
}

/// The samples of a span and of those below it.
fn samples_of<'a>(chunks: &'a [Chunk], transaction: &Value) -> Vec<(&'a Chunk, &'a Value)> {
    let spans = transaction["spans"].as_array().into_iter().flatten().map(|span| &span["span_id"]);
    let ids: Vec<_> = spans.chain([&transaction["contexts"]["trace"]["span_id"]]).collect();
    let all = chunks.iter().flat_map(|chunk| chunk.samples().iter().map(move |sample| (chunk, sample)));
    all.filter(|(_, sample)| ids.contains(&&sample["span_id"])).collect()
}

fn is_converging((chunk, sample): &(&Chunk, &Value)) -> bool {
    chunk.functions(sample).iter().any(|function| function.ends_with("::converge"))
}

#[actix_web::test]
async fn a_hot_function_is_found_by_sentry_with_its_time_its_thread_and_its_request() {
    let app = spawn(&[]).await;
    let answer = app.get("/debug/infinite-loop?seconds=5").await;
    let burned = answer.body["duration_seconds"].as_f64().unwrap();
    let transaction = app.transaction("GET /debug/infinite-loop").await;
    let chunks = chunks_until(&app, seconds(&transaction["timestamp"])).await;

    let profiler = &chunks[0].payload["profiler_id"];
    assert!(chunks.iter().all(|chunk| chunk.payload["profiler_id"] == *profiler));
    assert_eq!(transaction["contexts"]["profile"], json!({ "profiler_id": profiler }));
    let work = transaction["spans"].as_array().unwrap().iter().find(|span| span["op"] == "function").unwrap();
    let data = |of: &Value, name: &str| of["data"][name].as_str().unwrap_or_default().to_owned();
    let own = &transaction["contexts"]["trace"];
    assert_ne!(data(own, "thread.id"), data(work, "thread.id"), "{transaction}");
    assert!(data(own, "thread.name").starts_with("actix-rt|system"), "{own}");
    assert!(data(work, "thread.name").starts_with("tokio"), "{work}");

    let samples = samples_of(&chunks, &transaction);
    let burning = samples.iter().filter(|sample| is_converging(sample));
    let burning: Vec<_> = burning.map(|(_, sample)| sample["thread_id"].as_str().unwrap()).collect();
    assert!(burning.len() > 50, "{burning:?}");
    assert!(burning.iter().all(|thread| *thread == data(work, "thread.id")), "{burning:?}");

    let Some(functions) = needed(profile::functions(&chunks)) else { return };
    let found =
        profile::seconds_in(&functions, "::converge") + profile::seconds_in(&functions, "simulation::next");
    assert!((found - burned).abs() < burned * 0.05, "{found} s of {burned} s: {functions:?}");
    assert!(functions.iter().all(|function| function.seconds <= found), "{functions:?}");
}

/// How long the service has nothing to do.
const IDLE: Duration = Duration::from_secs(5);

#[actix_web::test]
async fn an_idle_service_does_nothing() {
    let app = spawn(&[]).await;
    app.get("/debug/infinite-loop?seconds=0.2").await;
    // Time is what this is about.
    tokio::time::sleep(IDLE).await;
    app.get("/debug/infinite-loop?seconds=0.2").await;
    let both = |inbox: &Inbox| inbox.transactions().len() == 2;
    app.inbox.wait_until("both transactions", both).await.unwrap();
    let transactions = app.inbox.transactions();
    let end = transactions.iter().map(|it| seconds(&it["timestamp"])).fold(0.0, f64::max);
    let took = |it: &Value| seconds(&it["timestamp"]) - seconds(&it["start_timestamp"]);
    let worked: f64 = transactions.iter().map(took).sum();
    let chunks = chunks_until(&app, end).await;
    let Some(functions) = needed(profile::functions(&chunks)) else { return };
    // The start of the service is no idleness.
    let starts = |name: &str| name.contains("::application::build") || name.ends_with("::main");
    let busy: f64 = functions.iter().filter(|it| !starts(&it.name)).map(|it| it.seconds).sum();
    // A thread's last sample lasts until the next one, which a busy machine takes late.
    assert!(
        busy < worked + IDLE.as_secs_f64() / 2.0,
        "{busy} s, though all requests took {worked} s: {functions:?}"
    );
}

#[actix_web::test]
async fn only_sampled_transactions_are_profiled_where_the_lifecycle_says_trace() {
    let app = spawn(&[("SENTRY_PROFILE_LIFECYCLE", "trace")]).await;
    app.get("/debug/infinite-loop?seconds=2").await;
    let transaction = app.transaction("GET /debug/infinite-loop").await;
    let unsampled = app
        .request(Method::GET, "/debug/infinite-loop?seconds=2")
        .header("sentry-trace", "771a43a4192642f0b136d5159a501700-1234567890abcdef-0");
    fixtures::app::answer(unsampled).await;
    app.get("/debug/infinite-loop?seconds=0.2").await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    let chunks = chunks_until(&app, now - 0.1).await;
    let of_it = samples_of(&chunks, &transaction).into_iter().filter(is_converging).count();
    let all = chunks.iter().flat_map(|chunk| chunk.samples().iter().map(move |sample| (chunk, sample)));
    let all = all.filter(is_converging).count();
    // The last request has a tenth of them; the one before would have had as many as the first.
    assert!(of_it > 20 && (all - of_it) * 2 < of_it, "{of_it} of {all}");
}

#[actix_web::test]
async fn no_process_is_profiled_at_a_rate_of_zero_and_nothing_names_a_profile() {
    let mut app = spawn(&[("SENTRY_PROFILE_SESSION_SAMPLE_RATE", "0")]).await;
    app.get("/debug/infinite-loop?seconds=0.5").await;
    let transaction = app.transaction("GET /debug/infinite-loop").await;
    assert!(transaction["contexts"].get("profile").is_none());
    assert!(transaction["contexts"]["trace"]["data"].get("thread.id").is_none());
    assert_eq!(app.service.as_mut().unwrap().terminate(), Some(0));
    assert!(profile::chunks(&app.inbox).is_empty());
}
