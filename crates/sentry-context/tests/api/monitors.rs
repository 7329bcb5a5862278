//! Check-ins of jobs, as a receiver gets them.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use fixtures::{items, profile};
use futures_util::FutureExt;
use inbox::Inbox;
use sentry_context::client::{self, Delivery};
use sentry_context::monitor::{Monitor, Schedule, Unit};
use sentry_context::sentry::{self, Hub, Level, SentryFutureExt};
use serde_json::{Value, json};

use crate::helpers::{close, config};

static STOCK: Monitor = Monitor {
    slug: "count-the-stock",
    schedule: Schedule::Every(2, Unit::Hour),
    margin_minutes: 3,
    max_runtime_minutes: 4,
};

async fn start() -> (Inbox, Arc<Hub>) {
    let inbox = profile::inbox().await;
    let hub = client::hub(&config(&inbox.dsn(), Delivery::default()));
    (inbox, hub)
}

/// All check-ins, once everything has arrived. Those of a run may overtake each other: the one that begins is first.
async fn check_ins(inbox: &Inbox, hub: &Hub) -> Vec<Value> {
    assert!(close(hub).await, "not all was delivered");
    let mut sent: Vec<_> = items::of_type(inbox, "check_in").into_iter().map(|item| item.payload).collect();
    sent.sort_by_key(|it| it["status"] != "in_progress");
    sent
}

#[actix_web::test]
async fn a_run_checks_in_before_and_after_it_with_its_schedule_and_its_trace() {
    let (inbox, hub) = start().await;
    STOCK.run(&hub, async { Ok::<_, Infallible>(()) }).await.unwrap();
    let sent = check_ins(&inbox, &hub).await;
    let [begun, ended] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!([&begun["status"], &ended["status"]], ["in_progress", "ok"]);
    assert_eq!(begun["check_in_id"], ended["check_in_id"]);
    assert!(begun.get("duration").is_none() && ended["duration"].is_f64(), "{sent:?}");

    let transactions = inbox.transactions();
    assert_eq!(transactions[0]["transaction"], "count-the-stock");
    assert_eq!(transactions[0]["transaction_info"]["source"], "task");
    let trace = &transactions[0]["contexts"]["trace"];
    assert_eq!((&trace["op"], &trace["status"]), (&json!("cron"), &json!("ok")));
    let config = json!({
        "schedule": { "type": "interval", "value": 2, "unit": "hour" },
        "checkin_margin": 3, "max_runtime": 4, "timezone": "UTC",
    });
    for it in [begun, ended] {
        assert_eq!(it["monitor_slug"], "count-the-stock");
        assert_eq!((&it["release"], &it["environment"]), (&json!("shop@test"), &json!("test")));
        assert_eq!(it["monitor_config"], config);
        assert_eq!(it["contexts"]["trace"]["trace_id"], trace["trace_id"]);
    }
}

#[actix_web::test]
async fn a_run_that_fails_checks_in_as_failed_and_its_event_names_the_monitor() {
    let (inbox, hub) = start().await;
    let monitor = Monitor { schedule: Schedule::Crontab("0 3 * * *"), ..STOCK };
    let failed = monitor.run(&hub, async {
        sentry::capture_message("no stock", Level::Error);
        Err::<(), _>("no stock")
    });
    assert_eq!(failed.await, Err("no stock"));
    let sent = check_ins(&inbox, &hub).await;
    assert_eq!(sent[1]["status"], "error");
    assert_eq!(sent[1]["monitor_config"]["schedule"], json!({ "type": "crontab", "value": "0 3 * * *" }));
    assert_eq!(inbox.transactions()[0]["contexts"]["trace"]["status"], "internal_error");
    let event = &inbox.events()[0];
    assert_eq!(event["contexts"]["monitor"], json!({ "slug": "count-the-stock" }));
    assert_eq!(event["contexts"]["trace"]["trace_id"], sent[0]["contexts"]["trace"]["trace_id"]);
}

#[actix_web::test]
async fn a_run_that_panics_has_failed_and_one_that_is_dropped_does_not_end() {
    let (inbox, hub) = start().await;
    let panics = STOCK.watch(async { panic!("as asked") as Result<(), Infallible> });
    AssertUnwindSafe(panics.bind_hub(Arc::clone(&hub))).catch_unwind().await.unwrap_err();
    Hub::run(Arc::clone(&hub), || drop(STOCK.begin()));
    let sent = check_ins(&inbox, &hub).await;
    let states: Vec<_> = sent.iter().map(|it| &it["status"]).collect();
    assert_eq!(states, ["in_progress", "in_progress", "error"]);
    assert!(sent[..2].iter().any(|it| it["check_in_id"] == sent[2]["check_in_id"]), "{sent:?}");
    assert!(sent.iter().all(|it| it.get("contexts").is_none()), "there is no trace: {sent:?}");
}

#[actix_web::test]
async fn without_a_dsn_a_job_runs_all_the_same() {
    let hub = client::hub(&config("", Delivery::default()));
    assert_eq!(STOCK.run(&hub, async { Ok::<_, Infallible>(7) }).await, Ok(7));
}
