use fixtures::app::http;
use futures_util::future::join_all;
use futures_util::stream::{FuturesUnordered, StreamExt};
use inbox::timestamp;
use reqwest::Method;
use scenario::HEAVY_AT_ONCE;
use sentry_native::stall;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::helpers::{App, answer, exception, spawn_app, spawn_app_with, spawn_process, top_frame};

/// An answer of the catalogue from whichever worker answers first: each connection goes to the next worker.
async fn first_catalogue(app: &App) -> Value {
    let fresh = http();
    let url = format!("{}/debug", app.url);
    let mut answers: FuturesUnordered<_> = (0..4).map(|_| answer(fresh.get(&url))).collect();
    answers.next().await.unwrap().body
}

fn running(catalogue: &Value) -> bool {
    let mut scenarios = catalogue["scenarios"].as_array().unwrap().iter();
    scenarios.any(|it| it["id"] == "payment.event-loop-block" && !it["active"].is_null())
}

#[actix_web::test]
async fn while_one_worker_is_blocked_the_other_answers() {
    let app = spawn_app().await;
    let request = app.request(Method::GET, "/debug/event-loop-block?seconds=2");
    let blocked = tokio::task::spawn_local(answer(request));
    // Whoever says that a worker is blocked is another one.
    while !running(&first_catalogue(&app).await) {
        assert!(!blocked.is_finished(), "nobody answered while it was blocked");
    }
    assert!(!blocked.is_finished());
    let answer = blocked.await.unwrap();
    assert_eq!(answer.status, 200);
    assert!(!running(&first_catalogue(&app).await));
}

#[actix_web::test]
async fn a_blocked_worker_serves_nobody_else() {
    let app = spawn_app_with(|settings| settings.shared.workers = Some(1)).await;
    let request = app.request(Method::GET, "/debug/event-loop-block?seconds=0.5");
    let blocked = tokio::task::spawn_local(answer(request));
    while !blocked.is_finished() {
        assert_eq!(app.get("/health").await.status, 200);
    }
    let block = app.transaction("GET /debug/event-loop-block").await;
    let time = |of: &Value, name: &str| timestamp::seconds(&of[name]).unwrap();
    // Before it is blocked, the worker looks around for a moment; then it serves nobody for half a second.
    let overlaps = |it: &Value| {
        let end = time(&block, "timestamp");
        time(it, "start_timestamp") < end && time(it, "timestamp") > end - 0.5
    };
    let transactions = app.inbox.transactions();
    let others: Vec<_> = transactions.iter().filter(|it| it["transaction"] == "GET /health").collect();
    assert!(!others.is_empty() && !others.iter().any(|it| overlaps(it)), "{block} {others:?}");
}

#[actix_web::test]
async fn a_stall_is_found_by_a_watchdog_that_was_not_reported_and_reported_once() {
    let app = spawn_app().await;
    let request = app
        .request(Method::GET, "/debug/event-loop-block?seconds=2.5")
        .header("X-User-Id", "carol")
        .header("X-Demo-Run", "run-7");
    assert_eq!(answer(request).await.status, 200);
    let again = |event: &Value| event["level"] == "info";
    let recovered = app.event("the end of the stall", again).await;
    let events = app.inbox.events();
    let found: Vec<_> = events.iter().filter(|it| exception_type(it) == "EventLoopBlocked").collect();
    assert_eq!((found.len(), events.len()), (1, 3), "{events:?}");

    let stall = found[0];
    assert_eq!(top_frame(stall)["function"], "payment::domain::fraud::compare_all_pairs");
    assert_eq!(top_frame(stall)["in_app"], true);
    assert_eq!(stall["fingerprint"][2], "payment::domain::fraud::compare_all_pairs");
    assert_eq!(stall["transaction"], "GET /debug/event-loop-block");
    assert_eq!((&stall["user"]["id"], &stall["tags"]["demo.run_id"]), (&json!("carol"), &json!("run-7")));
    assert!(stall["contexts"]["event_loop"]["delay_ms"].as_u64().unwrap() >= 1_000);
    assert!(recovered["contexts"]["event_loop"]["delay_ms"].as_u64().unwrap() >= 2_500);
    assert_eq!(recovered["contexts"]["trace"]["trace_id"], stall["contexts"]["trace"]["trace_id"]);
}

#[actix_web::test]
async fn a_block_below_the_threshold_is_no_stall() {
    let app = spawn_app().await;
    assert_eq!(app.get("/debug/event-loop-block?seconds=0.5").await.status, 200);
    // Whatever the watchdog found would be on its way before the next message.
    assert_eq!(app.get("/debug/event-loop-block?seconds=0.3").await.status, 200);
    app.inbox.wait_until("both messages", |inbox| inbox.events().len() >= 2).await.unwrap();
    assert!(app.inbox.events().iter().all(|event| event["exception"].is_null()));
}

#[actix_web::test]
async fn plain_load_is_no_stall() {
    let app = spawn_app().await;
    for _ in 0..10 {
        let answers = join_all((0..30).map(|_| app.get("/debug/type-error"))).await;
        assert!(answers.iter().all(|answer| answer.status == 500));
    }
    app.inbox.wait_until("300 events", |inbox| inbox.events().len() >= 300).await.unwrap();
    assert!(app.inbox.events().iter().all(|event| exception(event)["type"] == "TypeError"));
}

#[actix_web::test]
async fn time_for_which_the_process_is_suspended_makes_no_stall_and_ends_none() {
    let mut app = spawn_process().await;
    let service = app.service.as_ref().unwrap().pid();
    // Suspended for longer than the threshold: that time is what is tested.
    let suspend = || async move {
        signal(service, "STOP");
        tokio::time::sleep(stall::THRESHOLD * 2).await;
        signal(service, "CONT");
    };
    suspend().await;
    let blocked = app.request(Method::GET, "/debug/event-loop-block?seconds=8");
    let blocked = tokio::task::spawn_local(answer(blocked));
    app.event("the stall", |event| exception_type(event) == "EventLoopBlocked").await;
    suspend().await;
    assert_eq!(blocked.await.unwrap().status, 200);
    let over = app.event("its end", |event| event["level"] == "info").await;
    assert!(over["contexts"]["event_loop"]["delay_ms"].as_u64().unwrap() >= 8_000, "{over}");
    assert_eq!(app.service.as_mut().unwrap().terminate(), Some(0));
    let events = app.inbox.events();
    let stalls = events.iter().filter(|event| exception_type(event) == "EventLoopBlocked");
    assert_eq!((stalls.count(), events.len()), (1, 3), "{events:?}");
}

fn signal(process: u32, name: &str) {
    let sent = std::process::Command::new("kill").args(["-s", name, &process.to_string()]).status();
    assert!(sent.unwrap().success());
}

fn exception_type(event: &Value) -> &str {
    event["exception"]["values"][0]["type"].as_str().unwrap_or_default()
}

#[actix_web::test]
async fn a_block_is_reported_with_its_delay_and_its_worker() {
    let app = spawn_app().await;
    let answer = app.get("/debug/event-loop-block?seconds=0.2").await;
    assert_eq!(answer.status, 200);
    assert!(answer.body["duration_ms"].as_u64().unwrap() >= 200, "{answer:?}");
    assert!(answer.body["status"].is_string() && answer.body["warning"].is_string());
    let event = app.event("the message", |event| event["level"] == "error").await;
    assert_eq!(event["fingerprint"], json!(["payment", "event-loop-block"]));
    let context = &event["contexts"]["event_loop"];
    assert_eq!(context["duration_ms"], answer.body["duration_ms"]);
    assert!(context["worker"].as_str().unwrap().contains("actix"), "{context}");
    let frames = event["threads"]["values"][0]["stacktrace"]["frames"].as_array().unwrap();
    assert_eq!(frames.last().unwrap()["function"], "payment::domain::fraud::Scorings::score");
}

/// Sends these calls on a connection of their own, and leaves the reading to the caller.
async fn pipelined(app: &App, calls: usize, seconds: &str) -> TcpStream {
    let mut stream = TcpStream::connect(app.url.trim_start_matches("http://")).await.unwrap();
    let call = format!("GET /debug/event-loop-block?seconds={seconds} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    stream.write_all(call.repeat(calls).as_bytes()).await.unwrap();
    stream
}

#[actix_web::test]
async fn callers_who_hang_up_block_no_worker() {
    let app = spawn_app().await;
    for _ in 0..30 {
        drop(pipelined(&app, 10, "30").await);
    }
    // Fresh connections go to both workers. The work that was asked for would take hours.
    let fresh = http();
    for _ in 0..10 {
        assert_eq!(answer(fresh.get(format!("{}/health", app.url))).await.status, 200);
    }
    assert!(!running(&first_catalogue(&app).await));
    assert!(app.inbox.events().is_empty(), "{:?}", app.inbox.events());
}

#[actix_web::test]
async fn calls_that_waited_behind_a_block_are_asked_to_come_back() {
    let app = spawn_app().await;
    let mut stream = pipelined(&app, 10, "0.5").await;
    let mut answers = String::new();
    while answers.matches("HTTP/1.1 ").count() < 10 || !answers.ends_with('}') {
        let mut chunk = [0; 4096];
        let read = stream.read(&mut chunk).await.unwrap();
        assert!(read > 0, "{answers}");
        answers.push_str(&String::from_utf8_lossy(&chunk[..read]));
    }
    let count = |status: &str| answers.matches(status).count();
    assert_eq!((count("HTTP/1.1 200 "), count("HTTP/1.1 429 ")), (1, 9), "{answers}");
}

#[actix_web::test]
async fn blocks_beyond_the_limit_never_wait_for_a_place() {
    let app = spawn_app().await;
    let path = "/debug/event-loop-block?seconds=0.1";
    let answers = join_all((0..HEAVY_AT_ONCE * 2).map(|_| app.get(path))).await;
    // How many found a place depends on how they fell on the two workers; none was left without an answer.
    assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 429)), "{answers:?}");
    assert_eq!(app.get(path).await.status, 200);
}
