//! A check of services that do not come back to what they were.

use std::sync::atomic::Ordering::Relaxed;

use crate::fake::{Shop, Twist};
use crate::helpers::{fields, run};

const HONEST: (&str, Twist) = ("honest", |_, _| {});

/// Checks a shop whose second scenario does lasting harm; the fields in which it has not recovered.
async fn harmed_by(harm: Twist) -> Vec<String> {
    let shop = Shop::open(&[HONEST, ("harm", harm)]).await;
    let ended = run(&shop.check(&shop.inbox.url(), &["--json"])).await;
    assert_eq!(ended.status, Some(1), "{ended:?}");
    let document = ended.json();
    assert_eq!(document["broken"], 0, "{document}");
    assert_eq!(document["services"][0]["recovered"], false, "{document}");
    fields(&document["services"][0]["mismatches"])
}

#[actix_web::test]
async fn threads_that_stay_are_reported() {
    let fields = harmed_by(|_, process| _ = process.threads.fetch_add(2, Relaxed)).await;
    assert_eq!(fields, ["threads"]);
}

#[actix_web::test]
async fn files_that_stay_open_are_reported() {
    let fields = harmed_by(|_, process| _ = process.open_fds.fetch_add(5, Relaxed)).await;
    assert_eq!(fields, ["open_fds"]);
}

#[actix_web::test]
async fn a_process_that_was_replaced_is_reported() {
    let fields = harmed_by(|_, process| _ = process.started.fetch_add(60, Relaxed)).await;
    assert_eq!(fields, ["process started at"]);
}

#[actix_web::test]
async fn a_service_that_is_as_before_has_recovered() {
    let shop = Shop::open(&[HONEST]).await;
    let ended = run(&shop.check(&shop.inbox.url(), &["--json"])).await;
    let service = &ended.json()["services"][0];
    assert_eq!(service["recovered"], true, "{service}");
    assert_eq!((&service["before"]["threads"], &service["after"]["threads"]), (&8.into(), &8.into()));
}
