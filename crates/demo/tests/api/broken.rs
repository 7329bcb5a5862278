//! A check of promises that are kept, and of each way to break one.

use serde_json::{Value, json};

use crate::fake::{Shop, Twist, UNAVAILABLE};
use crate::helpers::{run, run_with};

/// A way to break the promise, and the fields in which that must show: all of them, and no others.
type Case = (&'static str, Twist, &'static [&'static str]);

const HONEST: (&str, Twist) = ("honest", |_, _| {});

const EVENT_IS_WRONG: &[Case] = &[
    ("level", |sent, _| sent.event["level"] = json!("warning"), &["event.level"]),
    (
        "type",
        |sent, _| exception(&mut sent.event)["type"] = json!("OtherError"),
        &["event.exception.type", "event.tags.error.type"],
    ),
    (
        "handled",
        |sent, _| exception(&mut sent.event)["mechanism"]["handled"] = json!(false),
        &["event.exception.mechanism.handled"],
    ),
    ("value", |sent, _| exception(&mut sent.event)["value"] = json!(""), &["event.exception.value"]),
    ("fingerprint", |sent, _| sent.event["fingerprint"] = json!(["shop"]), &["event.fingerprint"]),
    ("default-fingerprint", |sent, _| forget(&mut sent.event, "fingerprint"), &["event.fingerprint"]),
    (
        "breadcrumbs",
        |sent, _| sent.event["breadcrumbs"]["values"].as_array_mut().expect("a list").reverse(),
        &["event.breadcrumbs"],
    ),
    (
        "breadcrumb-level",
        |sent, _| sent.event["breadcrumbs"]["values"][1]["level"] = json!("log"),
        &["event.breadcrumbs.level"],
    ),
    ("context", |sent, _| forget(&mut sent.event["contexts"], "cart"), &["event.contexts.cart"]),
    ("no-runtime", |sent, _| forget(&mut sent.event["contexts"], "runtime"), &["event.contexts.runtime"]),
    (
        "no-threads",
        |sent, _| forget(&mut sent.event["contexts"]["runtime"], "threads"),
        &["event.contexts.runtime.threads"],
    ),
    (
        "runtime-name",
        |sent, _| sent.event["contexts"]["runtime"]["name"] = json!("shop"),
        &["event.contexts.runtime.name"],
    ),
    (
        "trace",
        |sent, _| sent.event["contexts"]["trace"]["trace_id"] = json!("0123456789abcdef0123456789abcdef"),
        &["event.contexts.trace.trace_id"],
    ),
    ("name", |sent, _| sent.event["transaction"] = json!("GET /debug/buy/name"), &["event.transaction"]),
    ("user", |sent, _| sent.event["user"]["id"] = json!("somebody else"), &["event.user.id"]),
    ("address", |sent, _| sent.event["user"]["ip_address"] = json!("{{auto}}"), &["event.user.ip_address"]),
    ("scenario", |sent, _| sent.event["tags"]["scenario"] = json!("shop.other"), &["event.tags.scenario"]),
    ("run", |sent, _| forget(&mut sent.event["tags"], "demo.run_id"), &["event.tags.demo.run_id"]),
    ("release", |sent, _| forget(&mut sent.event, "release"), &["event.release"]),
    (
        "no-frame",
        |sent, _| forget(&mut exception(&mut sent.event)["stacktrace"], "frames"),
        &["event.stack trace"],
    ),
    (
        "foreign-file",
        |sent, _| {
            frame(&mut sent.event)["filename"] = json!("/home/me/.cargo/registry/src/x/y-1.0.0/src/lib.rs")
        },
        &["event.stack trace.top in_app file"],
    ),
    (
        "foreign-function",
        |sent, _| frame(&mut sent.event)["function"] = json!("sentry_core::hub::capture"),
        &["event.stack trace.top in_app function"],
    ),
    ("message", |sent, _| sent.event["logentry"]["message"] = json!("Sold out"), &["event.message"]),
    (
        "message-about-nothing",
        |sent, _| forget(&mut sent.event["tags"], "error.type"),
        &["event.tags.error.type"],
    ),
    (
        "message-about-another",
        |sent, _| sent.event["tags"]["error.type"] = json!("trace"),
        &["event.tags.error.type"],
    ),
    ("secret", |sent, _| sent.event["extra"] = json!({ "key": sent.secret }), &["event.secrets"]),
];

const ANSWER_OR_NUMBER_IS_WRONG: &[Case] = &[
    (
        "no-event",
        |sent, _| sent.copies = 0,
        &["answer.event_id", "answer header X-Sentry-Event-Id", "events"],
    ),
    ("two-events", |sent, _| sent.copies = 2, &["events"]),
    ("status", |sent, _| sent.status = 503, &["answer.status"]),
    ("other-id", |sent, _| sent.answer["event_id"] = json!("00"), &["answer.event_id"]),
    ("no-header", |sent, _| sent.event_id_header = None, &["answer header X-Sentry-Event-Id"]),
    ("text", |sent, _| sent.answer = json!("sorry"), &["answer.error", "answer.type", "answer.event_id"]),
    ("no-transaction", |sent, _| sent.transaction = Value::Null, &["transactions"]),
    (
        "span-status",
        |sent, _| sent.transaction["contexts"]["trace"]["status"] = json!("unknown_error"),
        &["transaction.contexts.trace.status"],
    ),
    (
        "parent",
        |sent, _| sent.transaction["contexts"]["trace"]["parent_span_id"] = json!("0123456789abcdef"),
        &["transaction.contexts.trace.parent_span_id"],
    ),
    ("bare-bar", |sent, _| sent.transaction["spans"] = json!([{ "op": "function" }]), &["transaction.spans"]),
    (
        "hot-elsewhere",
        |sent, _| sent.profile["profile"]["frames"][1]["function"] = json!("sort_by_price"),
        &["profile.hot_function"],
    ),
    ("hot-unknown", |sent, _| sent.profile = Value::Null, &["profile.hot_function"]),
    (
        "hot-in-the-caller",
        |sent, _| sent.profile["profile"]["stacks"] = json!([[2, 0, 1]]),
        &["profile.hot_function"],
    ),
];

fn exception(event: &mut Value) -> &mut Value {
    &mut event["exception"]["values"][0]
}

fn frame(event: &mut Value) -> &mut Value {
    &mut exception(event)["stacktrace"]["frames"][0]
}

fn forget(object: &mut Value, field: &str) {
    object.as_object_mut().expect("an object").remove(field).expect("it was there");
}

#[actix_web::test]
async fn a_promise_that_is_kept_is_status_0() {
    let shop = Shop::open(&[HONEST]).await;
    let ended = run(&shop.check(&shop.inbox.url(), &[])).await;
    assert_eq!(ended.status, Some(0), "{ended:?}");
    assert!(
        ended.stdout.starts_with("✓ shop.honest  GET /debug/buy/{case}  500  error ShopError"),
        "{ended:?}"
    );
    assert_eq!(ended.stdout.lines().last(), Some("1 scenario, 1 kept, 0 broken"));
}

#[actix_web::test]
async fn a_promise_that_is_broken_is_status_1_and_a_line_that_says_how() {
    let wrong: Twist = |sent, _| sent.event["level"] = json!("warning");
    let shop = Shop::open(&[HONEST, ("wrong", wrong)]).await;
    let ended = run(&shop.check(&shop.inbox.url(), &[])).await;
    assert_eq!(ended.status, Some(1), "{ended:?}");
    let row = ended.stdout.lines().position(|line| line.starts_with("✗ shop.wrong")).expect("a row");
    let below = ended.stdout.lines().nth(row + 1);
    assert_eq!(below, Some("    event.level: promised error, got warning"), "{}", ended.stdout);
    assert_eq!(ended.stdout.lines().last(), Some("2 scenarios, 1 kept, 1 broken"));
}

#[actix_web::test]
async fn whatever_is_wrong_with_an_event_is_reported_and_nothing_else() {
    each_is_reported(EVENT_IS_WRONG).await;
}

#[actix_web::test]
async fn whatever_is_wrong_beside_the_event_is_reported_and_nothing_else() {
    each_is_reported(ANSWER_OR_NUMBER_IS_WRONG).await;
}

async fn each_is_reported(cases: &[Case]) {
    let mut all = vec![HONEST, ("message-honest", HONEST.1), ("hot-honest", HONEST.1)];
    all.extend(cases.iter().map(|(name, twist, _)| (*name, *twist)));
    let shop = Shop::open(&all).await;
    let ended = run(&shop.check(&shop.inbox.url(), &["--json"])).await;
    assert_eq!(ended.status, Some(1), "{ended:?}");
    for (name, _, fields) in cases {
        assert_eq!(ended.fields(&format!("shop.{name}")), *fields, "{name}");
    }
    for honest in ["honest", "message-honest", "hot-honest"] {
        assert!(ended.fields(&format!("shop.{honest}")).is_empty(), "{honest}: {ended:?}");
    }
    assert_eq!(ended.json()["broken"], cases.len());
}

#[actix_web::test]
async fn only_the_scenarios_that_match_are_fired() {
    let shop = Shop::open(&[HONEST, ("other", HONEST.1)]).await;
    let ended = run(&shop.check(&shop.inbox.url(), &["--json", "--only", "*.oth?r"])).await;
    assert_eq!(ended.status, Some(0), "{ended:?}");
    let document = ended.json();
    assert_eq!(document["scenarios"].as_array().map(Vec::len), Some(1), "{document}");
    assert_eq!(document["scenarios"][0]["id"], "shop.other");
}

#[actix_web::test]
async fn a_scenario_that_the_platform_cannot_keep_is_not_fired_and_shown_with_the_reason() {
    let shop = Shop::open(&[HONEST, (UNAVAILABLE, HONEST.1)]).await;
    let ended = run(&shop.check(&shop.inbox.url(), &[])).await;
    assert_eq!(ended.status, Some(0), "{ended:?}");
    let skipped = "- shop.unavailable  skipped: the shop's platform has no tills";
    assert!(ended.stdout.lines().any(|line| line == skipped), "{}", ended.stdout);
    assert_eq!(ended.stdout.lines().last(), Some("1 scenario, 1 kept, 0 broken, 1 skipped"));
    let fired = shop.inbox.events().iter().any(|event| event["tags"]["scenario"] == "shop.unavailable");
    assert!(!fired, "it was fired");

    let document = run(&shop.check(&shop.inbox.url(), &["--json", "--only", UNAVAILABLE])).await.json();
    assert_eq!((&document["ok"], &document["scenarios_checked"]), (&json!(true), &json!(0)));
    assert_eq!(
        document["skipped"],
        json!([{ "id": "shop.unavailable", "reason": "the shop's platform has no tills" }])
    );
}

#[actix_web::test]
async fn a_guarded_service_is_checked_with_its_token_and_refused_without() {
    let shop = Shop::open_with(&[HONEST], Some("sesame")).await;
    let inbox = shop.inbox.url();
    let without = run(&shop.check(&inbox, &[])).await;
    assert_eq!(without.status, Some(2), "{without:?}");
    assert!(without.stderr.contains("DEBUG_TOKEN"), "{without:?}");
    let with = run_with(&shop.check(&inbox, &[]), &[("DEBUG_TOKEN", "sesame")]).await;
    assert_eq!(with.status, Some(0), "{with:?}");
}
