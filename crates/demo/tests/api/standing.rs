//! The standing demo: it starts everything, restarts what dies, and leaves nothing behind.

use std::future::pending;
use std::time::Duration;

use demo::services::SERVICES;
use demo::supervisor::{Launch, Notice, Supervisor};
use fixtures::folder::Folder;
use fixtures::wait::until;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tokio::sync::oneshot;

use crate::helpers::{Reported, Standing, demo, demo_at, is_gone};

async fn get(url: &str) -> Value {
    let answer = demo::http::client().expect("a client").get(url).send().await.expect("an answer");
    answer.json().await.expect("JSON")
}

#[actix_web::test]
async fn everything_is_started_and_the_terminal_says_where_and_what_to_try() {
    let mut standing = Standing::start();
    let services = standing.all_serve().await;
    for service in &services {
        assert_eq!(get(&format!("{}/health", service.url)).await["status"], "ok");
    }
    let said = standing.said();
    let game_engine =
        Reported::read(said.lines().find(|line| line.starts_with("game-engine")).expect("its line"));
    let crash = format!("{}/debug/crash", game_engine.url);
    assert!(said.contains(&crash), "{said}");
    let crash = get(&crash).await;
    assert_eq!(crash["type"], "RuntimeError", "{crash}");
    // In the catalogue's words.
    assert!(said.contains("A panic in the paytable"), "{said}");
}

#[actix_web::test]
async fn a_child_that_is_killed_comes_back_at_the_same_place() {
    let mut standing = Standing::start();
    let victim = standing.all_serve().await.remove(0);
    kill(Pid::from_raw(victim.pid), Signal::SIGKILL).expect("it runs");
    let died = standing.says(&["died after"]).await;
    assert!(died.contains("signal 9 (SIGKILL)") && died.contains("restarted in"), "{died}");
    let again = Reported::read(&standing.says(&[&victim.name, "serving again"]).await);
    assert_eq!(again.url, victim.url);
    assert_ne!(again.pid, victim.pid);
    assert_eq!(get(&format!("{}/health", again.url)).await["status"], "ok");
}

#[actix_web::test]
async fn a_child_whose_binary_is_missing_for_a_while_comes_back_with_the_new_one() {
    let folder = std::env::temp_dir().join(format!("demo-rebuilt-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let (program, aside) = (folder.join("demo"), folder.join("aside"));
    std::fs::copy(env!("CARGO_BIN_EXE_demo"), &program).expect("a copy");
    let mut standing = Standing::of(demo_at(&program, &["--free-ports"]));
    let victim = standing.all_serve().await.remove(0);

    std::fs::rename(&program, &aside).expect("it is there");
    kill(Pid::from_raw(victim.pid), Signal::SIGKILL).expect("it runs");
    let waits: Vec<f64> = [
        standing.says(&[&victim.name, "could not be started", "retried in"]).await,
        standing.says(&[&victim.name, "could not be started", "retried in"]).await,
    ]
    .map(|line| line.rsplit("retried in ").next().unwrap().trim_end_matches(" s").parse().unwrap())
    .into();
    assert!(waits[0] < waits[1], "{waits:?}");
    std::fs::rename(&aside, &program).expect("it is there");
    let again = Reported::read(&standing.says(&[&victim.name, "serving again"]).await);
    assert_eq!(again.url, victim.url);
    let _ = std::fs::remove_dir_all(&folder);
}

#[actix_web::test]
async fn a_child_that_is_frozen_is_said_and_started_again() {
    let mut standing = Standing::of(demo(&["--free-ports", "--frozen-after", "3"]));
    let victim = standing.all_serve().await.remove(0);
    kill(Pid::from_raw(victim.pid), Signal::SIGSTOP).expect("it runs");
    standing.says(&[&victim.name, "has not answered for", "is killed"]).await;
    let again = Reported::read(&standing.says(&[&victim.name, "serving again"]).await);
    assert_eq!(again.url, victim.url);
    assert_ne!(again.pid, victim.pid);
    assert_eq!(get(&format!("{}/health", again.url)).await["status"], "ok");
}

#[actix_web::test]
async fn children_go_on_while_nobody_reads_what_the_demo_shows_of_their_logs() {
    let mut command = demo(&["--free-ports"]);
    // The pipe is never read, and full soon.
    command.env("RUST_LOG", "trace").stderr(std::process::Stdio::piped());
    let mut standing = Standing::of(command);
    for service in standing.all_serve().await {
        for _ in 0..200 {
            assert_eq!(get(&format!("{}/health", service.url)).await["status"], "ok");
        }
    }
}

#[actix_web::test]
async fn sigterm_ends_all_children() {
    ends_with_all_children(Signal::SIGTERM, Some(0)).await;
}

#[actix_web::test]
async fn ctrl_c_ends_all_children() {
    ends_with_all_children(Signal::SIGINT, Some(0)).await;
}

#[actix_web::test]
async fn even_sigkill_leaves_no_child_behind() {
    ends_with_all_children(Signal::SIGKILL, None).await;
}

async fn ends_with_all_children(signal: Signal, status: Option<i32>) {
    let mut standing = Standing::start();
    let services = standing.all_serve().await;
    assert_eq!(standing.ended_by(signal).await, status);
    for service in services {
        is_gone(service.pid).await;
    }
}

#[actix_web::test]
async fn a_child_that_dies_at_once_is_started_again_after_growing_waits_and_its_last_words_are_kept() {
    let folder = Folder::new("demo-dies");
    let mut supervisor = supervise(&folder, "echo 'the disk is full' >&2\nexit 3");
    let mut waits = Vec::new();
    while waits.len() < 4 {
        match supervisor.next().await {
            Some(Notice::Died { how, output_tail, restart_in, .. }) => {
                assert_eq!(
                    (how.as_str(), output_tail),
                    ("exit status 3", vec!["the disk is full".to_owned()])
                );
                waits.push(restart_in);
            }
            // While another test forks a process, the script may count as open for writing.
            Some(Notice::NotStarted { .. }) => {}
            other => panic!("{other:?}"),
        }
    }
    assert!(
        waits.windows(2).all(|pair| pair[0] < pair[1]) && waits[3] <= Duration::from_secs(5),
        "{waits:?}"
    );
    supervisor.stop(pending()).await;
}

/// Runs a script from that folder in the place of a service.
fn supervise(folder: &Folder, script: &str) -> Supervisor {
    std::fs::create_dir_all(folder.path()).expect("a folder");
    let program = folder.path().join("script");
    std::fs::write(&program, format!("#!/bin/sh\ncd '{}'\n{script}\n", folder.text())).expect("a file");
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .expect("its mode");
    let launch = Launch {
        service: &SERVICES[0],
        port: 1.into(),
        dsn: String::new(),
        environment: Vec::new(),
        show_log: false,
        program,
        frozen_after: Duration::from_secs(40),
    };
    let http = demo::http::client().expect("a client");
    Supervisor::start(vec![launch], &http)
}

/// Waits for a file that the script makes.
async fn has(folder: &Folder, file: &str) {
    until(file, async || folder.path().join(file).exists()).await;
}

#[actix_web::test]
async fn a_child_has_the_time_for_its_grace_and_its_delivery() {
    let folder = Folder::new("demo-delivers");
    // A moment less than the sum of both.
    let supervisor = supervise(
        &folder,
        "trap 'sleep 9; touch delivered; exit' TERM\ntouch ready\nwhile :; do sleep 0.1; done",
    );
    has(&folder, "ready").await;
    supervisor.stop(pending()).await;
    assert!(folder.path().join("delivered").exists());
}

#[actix_web::test]
async fn a_child_hears_that_the_demo_is_asked_to_stop_again() {
    let folder = Folder::new("demo-hurries");
    let supervisor = supervise(
        &folder,
        "asked() { if [ -e asked ]; then touch hurried; exit; fi; touch asked; }\n\
         trap asked TERM\ntouch ready\nwhile :; do sleep 0.1; done",
    );
    has(&folder, "ready").await;
    let (again, is_asked_again) = oneshot::channel::<()>();
    let stop = supervisor.stop(async { drop(is_asked_again.await) });
    let ask_again = async {
        has(&folder, "asked").await;
        again.send(()).expect("it waits");
    };
    tokio::join!(stop, ask_again);
    assert!(folder.path().join("hurried").exists());
}
