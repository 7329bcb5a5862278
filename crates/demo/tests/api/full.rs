//! `--full`: MongoDB and RabbitMQ are started for the demo, a round reaches analytics, and all of it ends with the demo.

use std::net::TcpStream;
use std::time::Duration;

use fixtures::docker::fake::{Behaviour, FakeDocker};
use fixtures::{Missing, needed, python};
use nix::sys::signal::Signal;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::helpers::{Standing, demo};
use crate::page::Page;
use crate::traffic::{rounds, standing_as};

/// How long a server may take until it is gone.
const LIMIT: Duration = Duration::from_secs(60);

/// How a line begins that says where a server is.
const LINES: [&str; 2] = ["mongodb   ", "rabbitmq   "];

/// The demo, its page, and where the servers are that it has started; `None` if it cannot start them.
async fn full() -> Option<(Standing, Page, Vec<String>)> {
    let mut standing = Standing::of(demo(&["--free-ports", "--full"]));
    let mut started = Vec::new();
    for name in LINES {
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
    let status = traffic.ended_by(Signal::SIGINT).await;
    let said = traffic.rest().await;
    let whole = said.contains("are whole, over analytics, game-engine, gateway, payment");
    assert!(status == Some(0) && whole, "{status:?}: {said}");
    assert_eq!(standing.ended_by(Signal::SIGTERM).await, Some(0));
    are_gone(&servers).await;
}

#[actix_web::test]
async fn the_servers_end_with_a_demo_that_is_killed() {
    let Some((mut standing, _page, servers)) = full().await else { return };
    assert_eq!(standing.ended_by(Signal::SIGKILL).await, None);
    are_gone(&servers).await;
}

/// The same with that command `docker`, as far as where MongoDB is.
async fn with_docker(docker: &FakeDocker) -> (Standing, String) {
    let mut command = demo(&["--free-ports", "--full"]);
    command.env("PATH", docker.path());
    let mut standing = Standing::of(command);
    standing.says(&["starting mongodb, from what is installed, else the image mongo:8 in Docker"]).await;
    let line = standing.says(&[LINES[0]]).await;
    (standing, line)
}

#[actix_web::test]
async fn a_server_that_is_not_installed_runs_in_docker_and_ends_with_the_demo() {
    let Some(bin) = needed(python::venv("mongodb", &["secantusdb>=0.7.0b1"])) else { return };
    let secantus = bin.join("secantusd-py");
    let server =
        format!("#!/bin/sh\nexec {} --port $1 --storage-path :memory: --standalone\n", secantus.display());
    let behaviour = Behaviour { image: "pulled", server: &server, ..Behaviour::default() };
    let docker = FakeDocker::new("full", behaviour);
    let (standing, line) = with_docker(&docker).await;
    assert!(line.contains("started for this demo"), "{line}");
    let url = line.split_whitespace().nth(1).expect("a URL");
    let port = url.strip_prefix("mongodb://127.0.0.1:").expect("a port");
    let calls = docker.calls();
    assert_eq!(calls[..3], ["info", "image inspect mongo:8", "pull mongo:8"]);
    assert!(
        calls[3].contains(&format!("--publish 127.0.0.1:{port}:27017 --memory 1g mongo:8 ")),
        "{calls:?}"
    );
    let (mut standing, page) = standing_as(standing).await;
    let reaches = |state: &Value| {
        let services = state["services"].as_array().unwrap();
        services.iter().all(|it| it["dependencies"]["mongodb"] == "up")
    };
    page.until("all services reach it", reaches).await;
    assert_eq!(standing.ended_by(Signal::SIGTERM).await, Some(0));
    let calls = docker.calls();
    assert!(calls.last().is_some_and(|last| last.starts_with("rm --force --volumes fixture-")), "{calls:?}");
    assert_eq!(docker.containers(), 0);
    are_gone(&[format!("127.0.0.1:{port}")]).await;
}

#[actix_web::test]
async fn the_demo_says_why_nothing_starts_a_server_and_goes_on_without_it() {
    for (behaviour, reason) in [
        (
            Behaviour { engine: false, ..Behaviour::default() },
            "`docker info`: Cannot connect to the Docker daemon",
        ),
        (
            Behaviour { image: "nowhere", ..Behaviour::default() },
            "`docker pull mongo:8`: Error response from daemon: manifest",
        ),
        (Behaviour { run: "taken", ..Behaviour::default() }, "port is already allocated"),
        (Behaviour { run: "ends", ..Behaviour::default() }, "exec format error"),
    ] {
        let docker = FakeDocker::new("refused", behaviour);
        // A venv that is there is used all the same, but by a program of another name.
        docker.program("python3", "#!/bin/sh\nexit 1\n").expect("a program");
        let mut command = demo(&["--free-ports", "--full"]);
        command.env("PATH", docker.path()).env("CARGO_TARGET_DIR", docker.folder());
        let mut standing = Standing::of(command);
        let line = standing.says(&[LINES[0]]).await;
        assert!(line.contains("could not be started: a MongoDB server: ") && line.contains(reason), "{line}");
        standing.all_serve().await;
        assert_eq!(standing.ended_by(Signal::SIGTERM).await, Some(0));
        assert_eq!(docker.containers(), 0);
    }
}
