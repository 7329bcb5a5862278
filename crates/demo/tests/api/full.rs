//! `--full`: MongoDB and RabbitMQ are started for the demo, a round reaches analytics, and all of it ends with the demo.

use std::net::TcpStream;
use std::time::Duration;

use fixtures::{Missing, needed};
use nix::sys::signal::Signal;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::helpers::{Standing, demo};
use crate::page::Page;
use crate::traffic::{rounds, standing_as};

/// How long a server may take until it is gone.
const LIMIT: Duration = Duration::from_secs(60);

/// The demo, its page, and where the servers are that it has started; `None` where it cannot start them.
async fn full() -> Option<(Standing, Page, Vec<String>)> {
    let mut standing = Standing::of(demo(&["--free-ports", "--full"]));
    let mut started = Vec::new();
    for name in ["mongodb", "rabbitmq"] {
        let line = standing.says(&[name]).await;
        if let Some((_, reason)) = line.split_once("could not be started: ") {
            return needed(Err(Missing::new(format!("{name} for --full"), reason)));
        }
        if line.contains("started for this demo") {
            let url = line.split_whitespace().nth(1).expect("a URL");
            started.push(url.split_once("://").expect("a URL").1.to_owned());
        }
    }
    let (standing, page) = standing_as(standing).await;
    Some((standing, page, started))
}

async fn are_gone(servers: &[String]) {
    let deadline = Instant::now() + LIMIT;
    for server in servers {
        while TcpStream::connect(server).is_ok() {
            assert!(Instant::now() < deadline, "{server} still answers");
            sleep(Duration::from_millis(50)).await;
        }
    }
}

#[actix_web::test]
async fn a_round_reaches_analytics_in_one_trace_and_the_servers_end_with_the_demo() {
    let Some((mut standing, page, servers)) = full().await else { return };
    let up = |state: &Value| {
        let analytics =
            state["services"].as_array().unwrap().iter().find(|it| it["name"] == "analytics").unwrap();
        ["mongodb", "rabbitmq"].iter().all(|name| analytics["dependencies"][name] == "up")
    };
    page.until("analytics reaches both", up).await;
    let only_rounds = ["--looks", "0", "--mistakes", "0", "--hang-ups", "0", "--scenarios", "0"];
    let args = ["traffic", "--page", &page.url, "--rate", "5", "--for", "600"];
    let mut traffic = Standing::of(demo(&[args.as_slice(), &only_rounds].concat()));
    page.until("rounds", |state| rounds(state) >= 3).await;
    assert_eq!(traffic.ended_by(Signal::SIGINT).await, Some(0), "{}", traffic.said());
    traffic.says(&["are whole, over analytics, game-engine, gateway, payment"]).await;
    assert_eq!(standing.ended_by(Signal::SIGTERM).await, Some(0));
    are_gone(&servers).await;
}

#[actix_web::test]
async fn the_servers_end_with_a_demo_that_is_killed() {
    let Some((mut standing, _page, servers)) = full().await else { return };
    assert_eq!(standing.ended_by(Signal::SIGKILL).await, None);
    are_gone(&servers).await;
}
