//! Deaths by a process's own doing: this very program once more, which dies.

use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Command, Output};

use inbox::Inbox;
use sentry_context::client;
use sentry_context::transport::Delivery;
use serde_json::Value;

use crate::helpers::config;

const HOW: &str = "TEST_DEATH";

fn spool(how: &str) -> PathBuf {
    std::env::temp_dir().join(format!("last-life-{how}-{}", std::process::id()))
}

#[test]
#[ignore = "dies: the tests below run it in a process of its own"]
fn victim() {
    let how = std::env::var(HOW).unwrap();
    let spool = PathBuf::from(std::env::var("SENTRY_SPOOL_DIR").unwrap());
    let sentry = client::init(config("", Delivery { spool: Some(spool), ..Delivery::default() }));
    match how.as_str() {
        "overflow" => assert!(deeper(0) > 0),
        "abort" => std::process::abort(),
        // SAFETY: none; that is what it is for.
        "null" => unsafe { std::ptr::null_mut::<u8>().write_volatile(1) },
        "panic" => panic!("which ends the process, but in order"),
        // Nobody has taken SIGTERM into his hands here.
        "asked" => end_by(libc::SIGTERM),
        _ => assert!(sentry.finish()),
    };
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

/// It dies, and the next start tells.
async fn death(how: &str) -> (Output, Vec<Value>) {
    let spool = spool(how);
    std::fs::create_dir_all(&spool).unwrap();
    let died = Command::new(std::env::current_exe().unwrap())
        .args(["last_life::victim", "--exact", "--ignored", "--nocapture"])
        .env(HOW, how)
        .env("SENTRY_SPOOL_DIR", &spool)
        .output()
        .unwrap();
    let inbox = Inbox::start().await.unwrap();
    let next =
        client::init(config(&inbox.dsn(), Delivery { spool: Some(spool.clone()), ..Delivery::default() }));
    assert!(next.finish());
    std::fs::remove_dir_all(spool).unwrap();
    (died, inbox.events())
}

fn value(event: &Value) -> &str {
    event["exception"]["values"][0]["value"].as_str().unwrap()
}

#[actix_web::test]
async fn a_stack_that_overflows_is_told_and_rust_still_says_so_itself() {
    let (died, events) = death("overflow").await;
    let said = String::from_utf8_lossy(&died.stderr);
    assert!(said.contains("has overflowed its stack"), "{said}");
    assert_eq!(died.status.signal(), Some(6), "Rust aborts");
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(value(&events[0]), "the process before this one died of SIGSEGV: its stack overflowed");
    // The system keeps 15 bytes of the name.
    assert_eq!(events[0]["contexts"]["last_life"]["thread"], "last_life::vict");
}

#[actix_web::test]
async fn a_null_pointer_and_an_abort_end_the_process_as_ever_and_are_told() {
    for (how, signal, told) in [
        ("null", 11, "the process before this one died of SIGSEGV: it followed a null pointer"),
        ("abort", 6, "the process before this one died of SIGABRT: it gave itself up"),
    ] {
        let (died, events) = death(how).await;
        assert_eq!(died.status.signal(), Some(signal), "{how}");
        assert_eq!(events.iter().map(value).collect::<Vec<_>>(), [told]);
    }
}

#[actix_web::test]
async fn an_end_that_was_asked_for_is_none_to_tell() {
    let (ended, events) = death("asked").await;
    assert_eq!((ended.status.signal(), events), (Some(libc::SIGTERM), vec![]));
}

#[actix_web::test]
async fn a_guard_that_is_dropped_is_an_end_in_order_also_in_a_panic() {
    for (how, ends_well) in [("order", true), ("panic", false)] {
        let (ended, events) = death(how).await;
        assert_eq!(ended.status.success(), ends_well, "{how}");
        assert_eq!(events, Vec::<Value>::new(), "{how}");
    }
}
