//! Players that play, over the real services.

use std::process::Stdio;
use std::time::Duration;

use demo::traffic::gateway::Gateway;
use demo::traffic::player;
use inbox::{Answer, Inbox};
use nix::sys::signal::Signal;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::helpers::{NOBODY, Standing, demo, run};
use crate::page::Page;

/// A standing demo whose services all serve, and its page.
pub(crate) async fn standing() -> (Standing, Page) {
    standing_as(Standing::start()).await
}

/// The same for one that was started otherwise.
pub(crate) async fn standing_as(mut standing: Standing) -> (Standing, Page) {
    standing.all_serve().await;
    let line = standing.said().lines().find(|line| line.starts_with("inbox")).expect("its line");
    let page = Page::at(line.split_whitespace().nth(1).expect("a URL"));
    let serve = |state: &Value| {
        state["services"]
            .as_array()
            .expect("a list")
            .iter()
            .all(|it| it["state"] == "serving" && it["catalogue"] != 0)
    };
    page.until("all serve", serve).await;
    (standing, page)
}

/// How many rounds have been played.
pub(crate) fn rounds(state: &Value) -> u64 {
    state["traffic"]["visits"]["round"].as_u64().unwrap_or_default()
}

fn over(state: &Value) -> bool {
    state["traffic"]["running"] == false
}

#[actix_web::test]
async fn a_round_is_one_trace_from_the_gateway_over_game_engine_to_payment() {
    let (_standing, page) = standing().await;
    let rounds =
        json!({ "rate": 10, "seconds": 3, "looks": 0, "mistakes": 0, "hang_ups": 0, "scenarios": 0 });
    assert_eq!(page.post("stage/traffic", &rounds).await.0, 202);
    let state = page.until("the end", over).await;
    let made = state["traffic"]["visits"]["round"].as_u64().unwrap_or_default();
    assert!(made >= 2, "{state:#}");

    let (gateway, children) = whole_round(&page).await;
    assert_eq!(gateway["transaction"], "POST /api/v1/spin");
    let id = gateway["event_id"].as_str().unwrap();
    let root = page.get(&format!("transactions/{id}")).await["transaction"].clone();
    let spans = root["spans"].as_array().unwrap();
    for ((span, service), child) in spans.iter().zip(SERVICES).zip(&children) {
        assert_eq!(child["parent_span_id"], span["span_id"], "{service}");
        assert_eq!(span["parent_span_id"], root["contexts"]["trace"]["span_id"]);
        assert!(span["description"].as_str().unwrap().contains(service), "{span}");
        let (start, end) = (&root["start_timestamp"], &root["timestamp"]);
        assert!(
            span["start_timestamp"].as_f64() >= start.as_f64() && span["timestamp"].as_f64() <= end.as_f64()
        );
    }
    assert_eq!(spans.len(), 2, "{root:#}");
    let id = children[0]["event_id"].as_str().unwrap();
    let child = page.get(&format!("transactions/{id}")).await["transaction"].clone();
    assert_eq!(root["user"]["id"], child["user"]["id"]);
}

/// Over which services a round goes.
const SERVICES: [&str; 2] = ["game-engine", "payment"];

/// The gateway's transaction of a round, and those of the services, once all have arrived.
async fn whole_round(page: &Page) -> (Value, Vec<Value>) {
    let deadline = Instant::now() + Duration::from_mins(10);
    loop {
        let listed = page.get("transactions?limit=1000").await["transactions"].clone();
        let listed = listed.as_array().expect("a list");
        for gateway in listed.iter().filter(|it| it["service"] == "gateway") {
            let of_trace = |service: &&str| {
                let own = |it: &&Value| it["trace_id"] == gateway["trace_id"] && it["service"] == *service;
                listed.iter().find(own).cloned()
            };
            let children: Vec<_> = SERVICES.iter().filter_map(of_trace).collect();
            if children.len() == SERVICES.len() {
                return (gateway.clone(), children);
            }
        }
        assert!(Instant::now() < deadline, "no whole round in {listed:#?}");
        sleep(Duration::from_millis(100)).await;
    }
}

#[actix_web::test]
async fn every_kind_of_visit_is_made_and_mistyped_bets_are_refused() {
    let (_standing, page) = standing().await;
    let mix =
        json!({ "rate": 20, "seconds": 4, "looks": 0.2, "mistakes": 0.2, "hang_ups": 0.2, "scenarios": 0.2 });
    assert_eq!(page.post("stage/traffic", &mix).await.0, 202);
    let state = page.until("the end", over).await;
    let traffic = &state["traffic"];
    for kind in ["round", "look", "mistake", "hang_up", "scenario"] {
        assert!(traffic["visits"][kind].as_u64().is_some_and(|count| count > 0), "{kind}: {traffic:#}");
    }
    assert!(traffic["refused"].as_u64() >= traffic["visits"]["mistake"].as_u64(), "{traffic:#}");
}

#[actix_web::test]
async fn traffic_that_cannot_be_is_refused_and_what_runs_stops_when_asked() {
    let (_standing, page) = standing().await;
    for (options, reason) in [
        (json!({ "rate": 0 }), "rate must be a number from 0.1 to 200"),
        (json!({ "rate": 1e9 }), "rate must be"),
        (json!({ "seconds": 100_000 }), "seconds must be a number from 1 to 3600"),
        (json!({ "looks": 0.9, "mistakes": 0.9 }), "must not add up to more than 1"),
        (json!({ "speed": 1 }), "unknown field"),
    ] {
        let refused = page.post("stage/traffic", &options).await;
        assert!(refused.0 == 400 && refused.1.contains(reason), "{options}: {refused:?}");
    }
    assert_eq!(page.post("stage/traffic", &json!({ "seconds": 3600 })).await.0, 202);
    page.until("it runs", |state| state["traffic"]["running"] == true).await;
    let stopped = page.request(Method::DELETE, "stage/traffic").send().await.unwrap();
    assert_eq!(stopped.status(), 204);
    page.until("it has stopped", over).await;
}

#[actix_web::test]
async fn the_command_makes_traffic_in_a_demo_that_runs_and_says_what_came_of_it() {
    let (_standing, page) = standing().await;
    let ended = run(&["traffic", "--page", &page.url, "--rate", "10", "--for", "2"]).await;
    assert_eq!(ended.status, Some(0), "{ended:?}");
    assert!(ended.stdout.contains(" visits in ") && ended.stdout.contains(" failed"), "{ended:?}");

    let mut command = demo(&["traffic", "--page", &page.url, "--for", "600"]);
    command.stderr(Stdio::null());
    let mut long = Standing::of(command);
    page.until("rounds", |state| state["traffic"]["running"] == true && rounds(state) >= 3).await;
    assert_eq!(long.ended_by(Signal::SIGINT).await, Some(0));
    long.says(&["waterfalls of rounds are whole"]).await;
    page.until("it has stopped", over).await;
}

#[actix_web::test]
async fn traffic_without_a_demo_or_beyond_its_bounds_cannot_run() {
    let ended = run(&["traffic", "--page", NOBODY]).await;
    assert_eq!(ended.status, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("`cargo run` starts one"), "{ended:?}");
    let ended = run(&["traffic", "--page", NOBODY, "--rate", "1000"]).await;
    assert!(ended.status == Some(2) && ended.stderr.contains("from 0.1 to 200"), "{ended:?}");
}

/// Visits of a gateway, one after the other, each delivered before the next.
async fn visits(gateway: &Gateway, count: usize) {
    for _ in 0..count {
        gateway.begin("POST /api/v1/spin", player::next()).end(Some(200));
        gateway.flush().await;
    }
}

fn arrived(inbox: &Inbox) -> u64 {
    inbox.stats().items.get("transaction").copied().unwrap_or_default()
}

#[actix_web::test]
async fn the_gateway_holds_back_what_the_receiver_does_not_want_says_so_and_goes_on_afterwards() {
    let limit = |status, seconds: u32| Answer {
        status,
        headers: vec![(
            "X-Sentry-Rate-Limits".to_owned(),
            format!("{seconds}:transaction:organization:quota"),
        )],
        ..Answer::default()
    };
    let inbox = Inbox::start().await.unwrap();
    let gateway = Gateway::new(&inbox.dsn()).unwrap();
    visits(&gateway, 2).await;
    inbox.wait_until("both, and the start-up check", |inbox| inbox.stats().envelopes >= 3).await.unwrap();

    // A short limit is waited for: nothing is lost, and nothing is sent before it is over.
    inbox.set_answer(limit(429, 1));
    gateway.begin("POST /api/v1/spin", player::next()).end(Some(200));
    inbox.wait_until("a refusal", |inbox| inbox.stats().rejected >= 1).await.unwrap();
    inbox.set_answer(Answer::default());
    visits(&gateway, 2).await;
    inbox.wait_until("all of it", |inbox| arrived(inbox) == 5).await.unwrap();
    assert_eq!(inbox.stats().rejected, 1);

    // A long one is a quota: what it keeps back is discarded, and counted.
    inbox.set_answer(limit(200, 3_600));
    visits(&gateway, 1).await;
    inbox.wait_until("the last one", |inbox| arrived(inbox) == 6).await.unwrap();
    let discarded = |inbox: &Inbox| {
        let all = inbox.stats().discarded;
        let held = all.iter().filter(|it| it.category == "transaction" && it.reason == "ratelimit_backoff");
        held.map(|it| it.quantity).sum::<u64>()
    };
    visits(&gateway, 3).await;
    inbox.wait_until("the client report", |inbox| discarded(inbox) > 0).await.unwrap();
    inbox.wait_until("all of it", |inbox| arrived(inbox) + discarded(inbox) == 9).await.unwrap();
    assert_eq!(arrived(&inbox), 6);
}

#[actix_web::test]
async fn a_gateway_whose_dsn_is_none_sends_nothing_to_anybody() {
    let other = Inbox::start().await.unwrap();
    for none in ["nonsense", "", &format!("http://{}/7", other.addr())] {
        visits(&Gateway::new(none).unwrap(), 1).await;
    }
    assert_eq!(other.stats().envelopes + other.stats().rejected, 0);
}

#[actix_web::test]
async fn rounds_arrive_whole_where_the_environment_has_a_proxy_for_everything_else() {
    let mut command = demo(&["--free-ports"]);
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        command.env(name, NOBODY);
    }
    for name in ["NO_PROXY", "no_proxy"] {
        command.env_remove(name);
    }
    let (_standing, page) = standing_as(Standing::of(command)).await;
    let rounds =
        json!({ "rate": 3, "seconds": 600, "looks": 0, "mistakes": 0, "hang_ups": 0, "scenarios": 0 });
    assert_eq!(page.post("stage/traffic", &rounds).await.0, 202);
    whole_round(&page).await;
}
