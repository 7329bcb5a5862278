//! Processes that crash, and the report of the next one. The process is this test program, started once more.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Command, Output};

use inbox::Inbox;
use sentry_context::client::{self, Config, Delivery, Service};
use sentry_context::profile::Profiling;
use serde_json::Value;

static SERVICE: Service = Service {
    name: "shop",
    release_name: "shop",
    in_app: &["api"],
    panic_type: "Panic",
    fingerprint_rules: "",
    platform: &sentry_native::Native,
};

pub(crate) const HOW: &str = "TEST_CRASH";
pub(crate) const DSN: &str = "TEST_DSN";

pub(crate) fn config(dsn: &str, delivery: Delivery) -> Config {
    Config {
        service: &SERVICE,
        dsn: (!dsn.is_empty()).then(|| dsn.parse().unwrap()),
        release: "shop@test".to_owned(),
        environment: "test".to_owned(),
        traces_sample_rate: 1.0,
        rules: "".parse().unwrap(),
        delivery,
        stall_threshold: client::STALL_THRESHOLD,
        profiling: Profiling::default(),
    }
}

fn spool(how: &str) -> PathBuf {
    std::env::temp_dir().join(format!("last-run-{how}-{}", std::process::id()))
}

#[test]
#[ignore = "crashes: the tests below run it in a process of its own"]
fn crashes() {
    let how = std::env::var(HOW).unwrap();
    let spool = std::env::var("SENTRY_SPOOL_DIR").ok().map(PathBuf::from);
    let dsn = std::env::var(DSN).unwrap_or_default();
    // A shell ignores it for what it runs in the background, and so would this process: the whole suite may run there.
    // SAFETY: no other code of this process has handled it yet.
    unsafe { libc::signal(libc::SIGQUIT, libc::SIG_DFL) };
    let sentry = client::init(config(&dsn, Delivery { spool, ..Delivery::default() }));
    match how.as_str() {
        "overflow" => assert!(deeper(0) > 0),
        "abort" => std::process::abort(),
        // SAFETY: none; that is what it is for.
        "null" => unsafe { std::ptr::null_mut::<u8>().write_volatile(1) },
        "panic" => panic!("which ends the process, but in order"),
        "unwinding" => {
            let _guard = PanicsToo;
            fails("the first of two panics")
        }
        "foreign" => callback(),
        // Nothing handles SIGTERM here.
        "asked" => end_by(libc::SIGTERM),
        how if how.starts_with("signal-") => end_by(how["signal-".len()..].parse().unwrap()),
        _ => assert!(sentry.finish_within(fixtures::wait::LIMIT)),
    };
}

struct PanicsToo;

impl Drop for PanicsToo {
    fn drop(&mut self) {
        fails("the second of two panics")
    }
}

#[inline(never)]
fn fails(text: &str) {
    panic!("{text}, with token=hunter2")
}

/// As C would call it.
extern "C" fn callback() {
    fails("where nothing may unwind")
}

fn end_by(signal: i32) {
    // SAFETY: it concerns this process alone.
    unsafe { libc::raise(signal) };
}

/// Opaque, so that it stays a recursion.
fn deeper(depth: u64) -> u64 {
    let frame = std::hint::black_box([depth; 64]);
    if frame[0] == u64::MAX { 0 } else { deeper(depth + 1) + frame[1] }
}

/// It crashes, and the next start reports it.
async fn termination(how: &str) -> (Output, Vec<Value>) {
    let spool = spool(how);
    std::fs::create_dir_all(&spool).unwrap();
    let ended = Command::new(std::env::current_exe().unwrap())
        .args(["last_run::crashes", "--exact", "--ignored", "--nocapture"])
        .env(HOW, how)
        .env("SENTRY_SPOOL_DIR", &spool)
        .output()
        .unwrap();
    let noted: Vec<_> =
        std::fs::read_dir(&spool).unwrap().map(|it| std::fs::read(it.unwrap().path()).unwrap()).collect();
    assert!(!String::from_utf8_lossy(&noted.concat()).contains("hunter2"), "a secret is on disk");
    let inbox = Inbox::start().await.unwrap();
    let next =
        client::init(config(&inbox.dsn(), Delivery { spool: Some(spool.clone()), ..Delivery::default() }));
    assert!(next.finish_within(fixtures::wait::LIMIT));
    std::fs::remove_dir_all(spool).unwrap();
    (ended, inbox.events())
}

fn value(event: &Value) -> &str {
    event["exception"]["values"][0]["value"].as_str().unwrap()
}

#[actix_web::test]
async fn a_stack_that_overflows_is_reported_and_rust_still_says_so_itself() {
    let (ended, events) = termination("overflow").await;
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(said.contains("has overflowed its stack"), "{said}");
    assert_eq!(ended.status.signal(), Some(6), "Rust aborts");
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(value(&events[0]), "the last run was terminated by SIGSEGV: a stack overflowed");
    // The system keeps 15 bytes of the name.
    assert_eq!(events[0]["contexts"]["last_run"]["thread"], "last_run::crash");
}

#[actix_web::test]
async fn a_null_pointer_and_an_abort_end_the_process_as_ever_and_are_reported() {
    for (how, signal, reported) in [
        ("null", 11, "the last run was terminated by SIGSEGV: a null pointer was dereferenced"),
        ("abort", 6, "the last run was terminated by SIGABRT: the process aborted"),
    ] {
        let (ended, events) = termination(how).await;
        assert_eq!(ended.status.signal(), Some(signal), "{how}");
        assert_eq!(events.iter().map(value).collect::<Vec<_>>(), [reported]);
    }
}

fn panics(event: &Value) -> Vec<(&str, &str)> {
    let exceptions = event["exception"]["values"].as_array().unwrap();
    exceptions.iter().map(|it| (it["type"].as_str().unwrap(), it["value"].as_str().unwrap())).collect()
}

#[actix_web::test]
async fn an_abort_that_follows_from_panics_is_reported_with_their_messages_and_stacks() {
    const ABORTED: (&str, &str) =
        ("SIGABRT", "the last run was terminated by SIGABRT: a panic that nothing could catch");
    for (how, reported) in [
        ("unwinding", &["the first of two panics", "the second of two panics"][..]),
        ("foreign", &["where nothing may unwind"]),
    ] {
        let (ended, events) = termination(how).await;
        assert_eq!(ended.status.signal(), Some(6), "{how}");
        assert_eq!(events.len(), 1, "{how}: {events:?}");
        let reported =
            reported.iter().map(|text| format!("{text}, with token=[Filtered]")).collect::<Vec<_>>();
        let causes =
            reported.iter().map(|text| ("Panic", text.as_str())).chain([ABORTED]).collect::<Vec<_>>();
        assert_eq!(panics(&events[0]), causes);
        for cause in &events[0]["exception"]["values"].as_array().unwrap()[..reported.len()] {
            let frames = cause["stacktrace"]["frames"].as_array().unwrap();
            assert_eq!(frames.last().unwrap()["function"], "api::last_run::fails", "{frames:?}");
        }
        let places = events[0]["contexts"]["last_run"]["panicked_at"].as_array().unwrap();
        assert!(places[0].as_str().unwrap().contains("last_run.rs:"), "{places:?}");
    }
}

#[actix_web::test]
async fn queued_events_are_delivered_before_an_abort_that_no_run_will_report() {
    let inbox = Inbox::start().await.unwrap();
    let ended = Command::new(std::env::current_exe().unwrap())
        .args(["last_run::crashes", "--exact", "--ignored", "--nocapture"])
        .env(HOW, "foreign")
        .env(DSN, inbox.dsn())
        .env_remove("SENTRY_SPOOL_DIR")
        .output()
        .unwrap();
    assert_eq!(ended.status.signal(), Some(6));
    assert_eq!(inbox.events().len(), 1, "{:?}", inbox.events());
    assert!(value(&inbox.events()[0]).starts_with("where nothing may unwind"));
}

#[actix_web::test]
async fn every_signal_that_ends_a_process_is_reported_by_its_name() {
    for (signal, name) in [
        (libc::SIGTRAP, "SIGTRAP"),
        (libc::SIGSYS, "SIGSYS"),
        (libc::SIGXCPU, "SIGXCPU"),
        (libc::SIGXFSZ, "SIGXFSZ"),
        (libc::SIGQUIT, "SIGQUIT"),
        (libc::SIGFPE, "SIGFPE"),
        (libc::SIGILL, "SIGILL"),
        (libc::SIGBUS, "SIGBUS"),
        (libc::SIGALRM, "SIGALRM"),
        (libc::SIGVTALRM, "SIGVTALRM"),
        (libc::SIGPROF, "SIGPROF"),
        (libc::SIGUSR1, "SIGUSR1"),
        (libc::SIGIO, "SIGIO"),
        (libc::SIGRTMAX(), "SIGRT"),
    ] {
        let (ended, events) = termination(&format!("signal-{signal}")).await;
        assert_eq!(ended.status.signal(), Some(signal), "{name}");
        let reported =
            events.iter().map(|event| &event["exception"]["values"][0]["type"]).collect::<Vec<_>>();
        assert_eq!(reported, [name]);
        assert_eq!(
            value(&events[0]),
            format!("the last run was terminated by {name}: a process sent the signal")
        );
    }
}

#[actix_web::test]
async fn foreign_files_in_the_folder_are_neither_read_nor_changed() {
    let spool = spool("foreign-files");
    std::fs::create_dir_all(spool.join("shop.0.run")).unwrap();
    let target = spool.join("somebodys");
    std::fs::write(&target, "untouched").unwrap();
    std::os::unix::fs::symlink(&target, spool.join("shop.1.run")).unwrap();
    let pipe = Command::new("mkfifo").arg(spool.join("shop.2.run")).status().unwrap();
    assert!(pipe.success());
    let huge = std::fs::File::create(spool.join("shop.3.run")).unwrap();
    huge.set_len(2 << 30).unwrap();
    let inbox = Inbox::start().await.unwrap();
    let delivery = Delivery { spool: Some(spool.clone()), ..Delivery::default() };
    let sentry = client::init(config(&inbox.dsn(), delivery));
    let own = std::fs::metadata(spool.join("shop.4.run")).unwrap();
    assert_eq!(own.permissions().mode() & 0o777, 0o600);
    assert!(sentry.finish_within(fixtures::wait::LIMIT));
    assert_eq!(inbox.events(), Vec::<Value>::new());
    assert_eq!(std::fs::read_to_string(target).unwrap(), "untouched");
    assert_eq!(huge.metadata().unwrap().len(), 2 << 30);
    std::fs::remove_dir_all(spool).unwrap();
}

#[actix_web::test]
async fn a_requested_end_is_not_reported() {
    let (ended, events) = termination("asked").await;
    assert_eq!((ended.status.signal(), events), (Some(libc::SIGTERM), vec![]));
}

#[actix_web::test]
async fn dropping_the_guard_ends_the_run_in_order_even_in_a_panic() {
    for (how, ends_well) in [("order", true), ("panic", false)] {
        let (ended, events) = termination(how).await;
        assert_eq!(ended.status.success(), ends_well, "{how}");
        assert_eq!(events, Vec::<Value>::new(), "{how}");
    }
}
