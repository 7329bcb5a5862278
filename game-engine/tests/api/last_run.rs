//! Terminations that the process cannot report itself: what its next start reports.

use std::fs;

use fixtures::service::Service;
use inbox::Inbox;
use serde_json::{Value, json};

use crate::delivery::{BINARY, Spool};
use crate::helpers::{answer, http};

/// The event of a start in that spool: there is one.
async fn reported_by_the_next_start(spool: &Spool) -> Value {
    let inbox = Inbox::start().await.unwrap();
    let mut service = spool.start(&inbox);
    // On a busy machine, its end could leave it to the start after that.
    inbox.wait_until("the event", |inbox| !inbox.events().is_empty()).await.unwrap();
    ends_in_order(&mut service).await;
    let events = inbox.events();
    assert_eq!(events.len(), 1, "{events:?}");
    events.into_iter().next().unwrap()
}

async fn nothing_is_reported_by_the_next_start(spool: &Spool) {
    let inbox = Inbox::start().await.unwrap();
    ends_in_order(&mut spool.start(&inbox)).await;
    assert_eq!(inbox.events(), Vec::<Value>::new());
}

async fn ends_in_order(service: &mut Service) {
    // Whoever serves has its signals in hand, too.
    assert_eq!(answer(http().get(format!("{}/health", service.url()))).await.status, 200);
    assert_eq!(service.terminate(), Some(0));
}

/// The files in that spool that record runs.
fn records(spool: &Spool) -> Vec<String> {
    let names = fs::read_dir(spool.path()).unwrap().map(|it| it.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.ends_with(".run")).collect()
}

fn exception(event: &Value) -> &Value {
    &event["exception"]["values"][0]
}

#[actix_web::test]
async fn a_service_that_a_signal_ends_is_reported_once_with_the_signal_and_how_it_was() {
    let (inbox, spool) = (Inbox::start().await.unwrap(), Spool::new("segv"));
    let mut service = Service::start(
        BINARY,
        &[
            ("SENTRY_DSN", &inbox.dsn()),
            ("SENTRY_SPOOL_DIR", spool.path().to_str().unwrap()),
            ("APP_VERSION", "0.9"),
        ],
    );
    let (pid, died) = (service.pid(), service.end_by("SEGV"));
    assert_eq!(died.code(), None, "a signal has to end it, as ever");

    let event = &reported_by_the_next_start(&spool).await;
    assert_eq!(
        (&event["level"], &event["release"], &event["tags"]["service"]),
        (&json!("fatal"), &json!("game-engine@0.9"), &json!("game-engine"))
    );
    assert_eq!(exception(event)["type"], "SIGSEGV");
    assert_eq!(
        exception(event)["value"],
        "the last run was terminated by SIGSEGV: a process sent the signal"
    );
    let mechanism = &exception(event)["mechanism"];
    assert_eq!((&mechanism["type"], &mechanism["handled"]), (&json!("last_run"), &json!(false)));
    assert_eq!(mechanism["meta"]["signal"]["number"], 11);
    let run = &event["contexts"]["last_run"];
    assert_eq!((&run["pid"], &run["signal"], &run["signal_code"]), (&json!(pid), &json!(11), &json!(0)));
    assert!(run["memory_mb"].as_f64().unwrap() > 1.0 && run["threads"].as_u64().unwrap() > 0, "{run}");
    // Of the run that ended, not of the one that reports it.
    assert_eq!(event["contexts"]["app"]["app_version"], "0.9");
    assert_eq!(event["contexts"]["runtime"]["memory_mb"], run["memory_mb"]);
    assert_eq!(event["contexts"]["runtime"]["name"], "rustc");

    nothing_is_reported_by_the_next_start(&spool).await;
}

#[actix_web::test]
async fn a_service_that_is_killed_is_reported_as_that() {
    let (inbox, spool) = (Inbox::start().await.unwrap(), Spool::new("kill"));
    spool.start(&inbox).end_by("KILL");
    let event = reported_by_the_next_start(&spool).await;
    assert_eq!(exception(&event)["type"], "ProcessKilled");
    assert!(exception(&event)["value"].as_str().unwrap().contains("SIGKILL"));
    assert_eq!(event["contexts"]["last_run"]["signal"], Value::Null);
}

#[actix_web::test]
async fn an_end_in_order_is_no_termination_and_leaves_no_file() {
    let (inbox, spool) = (Inbox::start().await.unwrap(), Spool::new("order"));
    ends_in_order(&mut spool.start(&inbox)).await;
    assert_eq!(records(&spool), Vec::<String>::new());
    nothing_is_reported_by_the_next_start(&spool).await;
    assert_eq!(inbox.events(), Vec::<Value>::new());
}

#[actix_web::test]
async fn a_file_that_says_nothing_tells_nothing_and_stops_nothing() {
    for (number, torn) in [&b""[..], b"{\"release\":\"game-", &[0xff; 3000]].into_iter().enumerate() {
        let spool = Spool::new(&format!("torn-{number}"));
        fs::create_dir_all(spool.path()).unwrap();
        for run in ["game-engine.0.run", "game-engine.7.run"] {
            fs::write(spool.path().join(run), torn).unwrap();
        }
        nothing_is_reported_by_the_next_start(&spool).await;
        assert_eq!(records(&spool), Vec::<String>::new());
    }
}

#[actix_web::test]
async fn processes_that_share_a_folder_are_reported_one_by_one_and_only_when_they_are_gone() {
    let (inbox, spool) = (Inbox::start().await.unwrap(), Spool::new("shared"));
    let mut services = [0, 1, 2].map(|_| spool.start(&inbox));
    assert_eq!(records(&spool).len(), 3);
    // Leaves a gap, and a termination behind it.
    ends_in_order(&mut services[1]).await;
    services[2].end_by("ABRT");
    let event = reported_by_the_next_start(&spool).await;
    assert_eq!(exception(&event)["type"], "SIGABRT");
    assert_eq!(event["contexts"]["last_run"]["pid"], services[2].pid());
    ends_in_order(&mut services[0]).await;
    assert_eq!(inbox.events(), Vec::<Value>::new());
}
