//! Crashes that are real: of children of the started binary.

use std::ffi::OsString;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;

use fixtures::service::Service;
use futures_util::future::join_all;
use inbox::Inbox;
use payment::scenarios::CATALOGUE;
use reqwest::Method;
use sentry_native::native_crash::CrashChild;
use serde_json::{Value, json};

use crate::helpers::{App, answer, exception, http, spawn_app, spawn_app_with, spawn_process, top_frame};

const PATH: &str = "/debug/stack-overflow?mode=native";

/// The processes whose parent that one is, zombies included.
fn children(parent: u32) -> Vec<String> {
    let stats = std::fs::read_dir("/proc").unwrap().flatten();
    let stats = stats.filter_map(|entry| std::fs::read_to_string(entry.path().join("stat")).ok());
    // pid (name) state parent …
    let of_parent = |stat: &String| {
        let after_name = stat.rsplit(") ").next().unwrap_or_default();
        after_name.split(' ').nth(1) == Some(&parent.to_string())
    };
    stats.filter(of_parent).collect()
}

#[actix_web::test]
async fn a_process_that_dies_of_its_overflow_is_reported_by_the_one_that_lives() {
    let app = spawn_process().await;
    let trace = "0123456789abcdef0123456789abcdef";
    let request = app
        .request(Method::GET, PATH)
        .header("X-User-Id", "dora")
        .header("sentry-trace", format!("{trace}-0123456789abcdef-1"));
    let answer = answer(request).await;
    assert_eq!((answer.status, &answer.body["type"]), (500, &json!("SIGSEGV")), "{answer:?}");
    assert_eq!(answer.body["signal"], 11);

    let event = app.event_of(&answer).await;
    assert_eq!((&event["level"], &event["user"]["id"]), (&json!("fatal"), &json!("dora")));
    assert_eq!(event["contexts"]["trace"]["trace_id"], trace);
    assert_eq!(event["fingerprint"], json!(["payment", "native-crash", "SIGSEGV"]));
    let mechanism = &exception(&event)["mechanism"];
    assert_eq!((&mechanism["type"], &mechanism["handled"]), (&json!("signalhandler"), &json!(false)));
    assert_eq!(
        (&mechanism["meta"]["signal"]["number"], &mechanism["meta"]["signal"]["name"]),
        (&json!(11), &json!("SIGSEGV"))
    );
    assert!(top_frame(&event)["function"].as_str().unwrap().starts_with("payment::domain::referrals::"));
    let frames = exception(&event)["stacktrace"]["frames"].as_array().unwrap();
    assert_eq!(frames[0]["function"], "payment::domain::referrals::unguarded_bonus");
    assert!(
        frames[0]["lineno"].is_u64() && frames.len() > 100 && frames.len() <= 250,
        "{} frames",
        frames.len()
    );
    assert!(event["contexts"]["native_crash"]["stack_depth"].as_u64().unwrap() > 1_000);
    app.inbox.wait_until("the transaction", |inbox| !inbox.transactions().is_empty()).await.unwrap();
    assert_eq!(app.inbox.events().len(), 1);
}

#[actix_web::test]
async fn twenty_at_once_leave_the_service_as_it_was_and_no_process_behind() {
    let app = spawn_process().await;
    let calls = (0..20).map(|_| app.get(PATH));
    for answer in join_all(calls).await {
        assert_eq!((answer.status, &answer.body["type"]), (500, &json!("SIGSEGV")), "{answer:?}");
    }
    app.inbox.wait_until("20 events", |inbox| inbox.events().len() == 20).await.unwrap();
    assert_eq!(app.inbox.issues().len(), 1);
    assert_eq!(children(app.service.as_ref().unwrap().pid()), Vec::<String>::new());
    assert_eq!(app.get("/health").await.status, 200);
}

#[actix_web::test]
async fn the_process_itself_is_the_one_that_serves_on() {
    let app = spawn_process().await;
    let pid = |event: &Value| event["contexts"]["app"]["app_start_time"].clone();
    for _ in 0..2 {
        app.get(PATH).await;
    }
    app.inbox.wait_until("2 events", |inbox| inbox.events().len() == 2).await.unwrap();
    let events = app.inbox.events();
    assert_eq!(pid(&events[0]), pid(&events[1]));
}

/// The answer of an app whose crash_child is that program.
async fn crash_child_of(program: &str, arguments: &[&str]) -> (App, Value) {
    let arguments = arguments.iter().map(OsString::from);
    let crash_child = Arc::new(CrashChild::program(program, arguments));
    let app = spawn_app_with(|settings| settings.crash_child = crash_child).await;
    let answer = app.get(PATH).await;
    assert_eq!((answer.status, &answer.body["type"]), (500, &json!("CrashChildError")), "{answer:?}");
    app.event_of(&answer).await;
    (app, answer.body)
}

#[actix_web::test]
async fn a_child_that_does_not_crash_as_it_should_is_an_error_that_says_so() {
    for (program, arguments, reported) in [
        ("/no/such/program", &[][..], "could not be started"),
        ("true", &[], "did not crash: exit status: 0"),
        ("sh", &["-c", "kill -9 $$"], "terminated by signal 9 and left no record"),
    ] {
        let (_app, body) = crash_child_of(program, arguments).await;
        assert!(body["error"].as_str().unwrap().contains(reported), "{program}: {body}");
    }
}

#[actix_web::test]
async fn both_modes_are_scenarios_of_their_own() {
    let here = CATALOGUE.scenarios.iter().filter(|it| it.path == "/debug/stack-overflow");
    let names: Vec<_> = here.map(|it| it.name).collect();
    assert_eq!(names, ["stack-overflow", "stack-overflow-native"]);
    let app = spawn_app().await;
    for (path, scenario) in
        [("/debug/stack-overflow", "payment.stack-overflow"), (PATH, "payment.stack-overflow-native")]
    {
        let answer = app.get(path).await;
        assert_eq!(app.event_of(&answer).await["tags"]["scenario"], scenario);
    }
    let answer = app.get("/debug/stack-overflow?mode=gentle").await;
    assert_eq!((answer.status, &answer.body["allowed"]), (400, &json!(["guarded", "native"])), "{answer:?}");
}

#[actix_web::test]
async fn a_crash_of_the_child_is_not_taken_for_one_of_the_service() {
    let spool = std::env::temp_dir().join(format!("payment-crash-child-{}", std::process::id()));
    let inbox = Inbox::start().await.unwrap();
    let start = || {
        let environment = [("SENTRY_DSN", inbox.dsn()), ("SENTRY_SPOOL_DIR", spool.display().to_string())];
        let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
        Service::start(env!("CARGO_BIN_EXE_payment"), &environment)
    };
    let mut service = start();
    let run = spool.join("payment.0.run");
    let before = std::fs::metadata(&run).unwrap().ino();
    assert_eq!(answer(http().get(format!("{}{PATH}", service.url()))).await.status, 500);
    assert_eq!(std::fs::metadata(&run).unwrap().ino(), before);
    service.end_by("KILL");
    let mut next = start();
    assert_eq!(answer(http().get(format!("{}/health", next.url()))).await.status, 200);
    assert_eq!(next.terminate(), Some(0));
    let reported: Vec<_> = inbox.events().iter().map(|event| exception(event)["type"].clone()).collect();
    // What its signal handler would have noted in the service's file is not there.
    assert!(reported.contains(&json!("ProcessKilled")), "{reported:?}");
    std::fs::remove_dir_all(spool).unwrap();
}
