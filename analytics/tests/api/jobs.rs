//! Jobs that check in: the report of the day, and those that scenarios break.

use std::time::Duration;

use ::database::mongodb::bson;
use analytics::repairs::Repairs;
use analytics::settings::SERVICE;
use fixtures::service::Service;
use fixtures::wait::until;
use fixtures::{items, mongo, profile};
use inbox::Inbox;
use sentry_context::client;
use sentry_context::monitor::{Monitor, Schedule, Unit};
use serde_json::{Value, json};
use service::Settings;

use crate::helpers::{answer, connect, http, spawn_app, spawn_app_reporting};

/// The monitor of that name as the inbox will have it in so many seconds, once it has one.
async fn monitor(inbox: &Inbox, slug: &str, seconds: u32) -> Value {
    let url = format!("{}/api/monitors?in={seconds}", inbox.url());
    let all = answer(http().get(url)).await.body;
    let found = all["monitors"].as_array().unwrap().iter().find(|it| it["slug"] == slug);
    found.cloned().unwrap_or_default()
}

async fn wait_for_monitor(inbox: &Inbox, slug: &str, fits: impl Fn(&Value) -> bool) -> Value {
    until(slug, async || fits(&monitor(inbox, slug, 0).await)).await;
    monitor(inbox, slug, 0).await
}

#[actix_web::test]
async fn the_report_of_the_day_runs_again_and_again_and_checks_in() {
    let Some(url) = mongo::database("report") else { return };
    let database = connect(Some(&url)).await;
    let days = database.collection::<bson::Document>("daily_stats").unwrap();
    let now = bson::DateTime::now().try_to_rfc3339_string().unwrap();
    let day = bson::doc! {
        "date": &now[..10], "total_games": 4, "total_bets": 40.0, "total_payouts": 38_i64,
    };
    days.insert_one(day).await.unwrap();
    // More often than a busy machine can send, what matters least, the metrics, would never be sent.
    let app = spawn_app_reporting(url, Duration::from_millis(500)).await;
    let shown =
        wait_for_monitor(&app.inbox, "day-report", |it| it["count"].as_u64().is_some_and(|it| it > 2)).await;
    let config = shown["config"].to_string();
    for part in ["interval", "minute", "checkin_margin", "max_runtime"] {
        assert!(config.contains(part), "{config}");
    }
    assert_eq!(shown["environment"], "test");
    let ended = shown["check_ins"].as_array().unwrap().iter().find(|it| it["status"] == "ok").unwrap();
    assert!(ended["duration"].is_f64(), "{ended}");
    assert_eq!(ended["release"], "analytics-service@test");

    let transaction = app.transaction("day-report").await;
    let spans = transaction["spans"].as_array().unwrap();
    assert!(spans.iter().any(|span| span["description"] == "daily_stats.find"), "{spans:?}");
    let is_reported = |inbox: &Inbox, name: &str| inbox.metrics().iter().any(|it| it["name"] == name);
    app.inbox.wait_until("a metric", |inbox| is_reported(inbox, "business.day.rtp")).await.unwrap();
    let value =
        |name: &str| app.inbox.metrics().into_iter().find(|it| it["name"] == name).unwrap()["value"].clone();
    assert_eq!((value("business.day.games"), value("business.day.rtp")), (json!(4.0), json!(95.0)));
    assert_eq!(app.inbox.events(), Vec::<Value>::new());
}

#[actix_web::test]
async fn a_report_of_the_day_that_fails_checks_in_as_failed_with_one_event_on_its_trace() {
    // Nothing listens there.
    let nowhere = "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100".to_owned();
    let app = spawn_app_reporting(nowhere, Duration::from_secs(3_600)).await;
    let shown = wait_for_monitor(&app.inbox, "day-report", |it| it["status"] == "error").await;
    let event = app.event("its event", |_| true).await;
    assert_eq!(event["contexts"]["monitor"]["slug"], "day-report");
    assert_eq!(event["contexts"]["trace"]["trace_id"], shown["check_ins"][0]["trace_id"]);
    assert_eq!(event["fingerprint"], json!(["analytics", "database", "unreachable"]));
    assert_eq!(app.transaction("day-report").await["contexts"]["trace"]["status"], "internal_error");
    assert_eq!(app.inbox.events().len(), 1);
}

#[actix_web::test]
async fn a_failed_job_names_its_monitor_and_a_silent_one_is_found_by_its_schedule() {
    let app = spawn_app().await;
    let failed = app.get("/api/debug/cron-error").await;
    assert_eq!((failed.status, &failed.body["type"]), (500, &json!("StatementError")));
    let event = app.event_of(&failed).await;
    assert_eq!(event["contexts"]["monitor"], json!({ "slug": "read-statement" }));
    let missed = app.get("/api/debug/cron-missed").await;
    assert_eq!((missed.status, &missed.body["next_run_minutes"]), (200, &Value::Null));
    let slow = app.get("/api/debug/cron-timeout?seconds=0.1").await;
    assert_eq!((slow.status, &slow.body["status"]), (200, &json!("in_progress")));

    // Until an hour later: as a person sees it who looks then.
    for (slug, states) in [
        ("read-statement", ["error", "error", "error"]),
        ("send-digest", ["ok", "missed", "missed"]),
        ("pack-archive", ["in_progress", "timeout", "timeout"]),
    ] {
        wait_for_monitor(&app.inbox, slug, |it| it["status"] == states[0]).await;
        for (seconds, state) in [0, 150, 3_000].into_iter().zip(states) {
            assert_eq!(monitor(&app.inbox, slug, seconds).await["status"], state, "{slug} in {seconds} s");
        }
    }
    assert_eq!(app.inbox.events().len(), 1, "nobody reports the other two");
}

#[actix_web::test]
async fn the_catalogue_shows_which_jobs_are_out_of_order_and_for_how_long() {
    let app = spawn_app().await;
    assert!(app.active("/api/debug", "analytics.cron-missed").await.is_null());
    for _ in 0..20 {
        app.get("/api/debug/cron-missed?repaired_after=5").await;
    }
    let broken = app.active("/api/debug", "analytics.cron-missed").await;
    assert_eq!(broken["monitor"], "send-digest");
    assert!(broken["repaired_in_seconds"].as_u64().is_some_and(|it| it <= 300), "{broken}");
    for minutes in ["3.9", "61", "soon"] {
        let refused = app.get(&format!("/api/debug/cron-error?repaired_after={minutes}")).await;
        assert_eq!(refused.status, 422, "{minutes}");
    }
    assert!(app.active("/api/debug", "analytics.cron-error").await.is_null());
}

/// The check-ins of a job after its repair say that it runs once a year.
fn is_repaired(inbox: &Inbox, slug: &str) -> bool {
    let sent = items::of_type(inbox, "check_in");
    let repaired = sent
        .iter()
        .map(|it| &it.payload)
        .filter(|it| it["monitor_slug"] == slug && it["monitor_config"]["schedule"]["unit"] == "year");
    repaired.filter(|it| it["status"] == "ok").count() == 1
}

#[actix_web::test]
async fn a_job_is_repaired_once_however_often_it_breaks() {
    static JOB: Monitor = Monitor {
        slug: "job",
        schedule: Schedule::Every(1, Unit::Minute),
        margin_minutes: 1,
        max_runtime_minutes: 1,
    };
    let inbox = profile::inbox().await;
    let settings = Settings::isolated(&SERVICE, Some(inbox.dsn().parse().unwrap())).unwrap();
    let repairs = Repairs::new(&client::hub(&settings.sentry));
    for _ in 0..3 {
        repairs.plan(&JOB, Duration::from_millis(100));
    }
    assert_eq!(repairs.seconds_left(&JOB), Some(0));
    inbox.wait_until("its repair", |inbox| is_repaired(inbox, "job")).await.unwrap();
    assert_eq!(repairs.seconds_left(&JOB), None);
    repairs.plan(&JOB, Duration::from_secs(600));
    repairs.finish();
    assert_eq!(repairs.seconds_left(&JOB), None);
}

#[actix_web::test]
async fn a_service_that_ends_repairs_its_jobs() {
    let inbox = profile::inbox().await;
    let dsn = inbox.dsn();
    let mut service = Service::start(env!("CARGO_BIN_EXE_analytics"), &[("SENTRY_DSN", &dsn)]);
    let url = format!("{}/api/debug/cron-missed", service.url());
    assert_eq!(answer(http().get(url)).await.status, 200);
    assert_eq!(service.terminate(), Some(0));
    inbox.wait_until("its repair", |inbox| is_repaired(inbox, "send-digest")).await.unwrap();
}
