//! Jobs that check in, and recordings of sessions.

use serde_json::{Value, json};

use crate::helpers::{App, EVENT_ID, envelope, new_id, spawn_app};

async fn check_in(app: &App, check_in: Value) {
    app.accepted(envelope(json!({}), &[("check_in", check_in)])).await;
}

#[actix_web::test]
async fn a_monitor_has_its_state_and_its_timeline() {
    let app = spawn_app().await;
    let schedule = json!({ "schedule": { "type": "crontab", "value": "0 3 * * *" } });
    let run = new_id();
    for (status, duration) in [("in_progress", Value::Null), ("ok", json!(12.5))] {
        check_in(
            &app,
            json!({ "check_in_id": run, "monitor_slug": "settle", "status": status, "duration": duration,
            "environment": "production", "release": "shop@1", "monitor_config": schedule }),
        )
        .await;
    }
    let failed = json!({ "check_in_id": new_id(), "monitor_slug": "settle", "status": "error",
        "environment": "production", "contexts": { "trace": { "trace_id": "t1" } } });
    check_in(&app, failed).await;
    check_in(&app, json!({ "monitor_slug": "settle", "status": "ok", "environment": "test" })).await;
    let monitors = app.list("/api/monitors", "monitors").await;
    assert_eq!(monitors.len(), 2, "one for each environment");
    let monitor = &monitors[1];
    let facts = (&monitor["slug"], &monitor["status"], &monitor["count"], &monitor["config"]);
    assert_eq!(facts, (&json!("settle"), &json!("error"), &json!(2), &schedule));
    let runs = monitor["check_ins"].as_array().unwrap();
    assert_eq!((runs.len(), &runs[0]["status"], &runs[0]["trace_id"]), (2, &json!("error"), &json!("t1")));
    let first = (&runs[1]["check_in_id"], &runs[1]["status"], &runs[1]["duration"], &runs[1]["release"]);
    assert_eq!(first, (&json!(run), &json!("ok"), &json!(12.5), &json!("shop@1")));
}

#[actix_web::test]
async fn a_job_that_does_not_end_and_one_that_does_not_come_are_found_without_anything_arriving() {
    let app = spawn_app().await;
    // A hundredth of a minute late at most, a fiftieth of one long.
    let config = |value: f64| {
        json!({ "schedule": { "type": "interval", "value": value, "unit": "minute" },
            "checkin_margin": 0.01, "max_runtime": 0.02 })
    };
    let check_in_of = |slug: &str, status: &str, config: Value| json!({ "monitor_slug": slug, "status": status, "monitor_config": config });
    check_in(&app, check_in_of("hangs", "in_progress", config(60.0))).await;
    check_in(&app, check_in_of("absent", "ok", config(0.02))).await;
    let status = |app: &inbox::Inbox, slug: &str| {
        app.monitors().into_iter().find(|it| it.slug == slug).map(|it| it.status).unwrap_or_default()
    };
    app.inbox
        .wait_until("both to be late", |it| {
            status(it, "hangs") == "timeout" && status(it, "absent") == "missed"
        })
        .await
        .unwrap();
    let monitors = app.list("/api/monitors", "monitors").await;
    let absent = monitors.iter().find(|it| it["slug"] == "absent").unwrap();
    assert_eq!(absent["count"], 1, "a missed one has not checked in");
    assert!(absent["next_check_in"].as_f64() > absent["check_ins"][0]["started_at"].as_f64());
}

#[actix_web::test]
async fn a_crontab_has_a_next_time_and_one_that_cannot_be_read_a_reason() {
    let app = spawn_app().await;
    for (slug, crontab) in [("daily", "30 3 * * *"), ("broken", "30 25 * * *")] {
        let config = json!({ "schedule": { "type": "crontab", "value": crontab }, "checkin_margin": 5 });
        check_in(&app, json!({ "monitor_slug": slug, "status": "ok", "monitor_config": config })).await;
    }
    let monitors = app.list("/api/monitors", "monitors").await;
    let (broken, daily) = (&monitors[0], &monitors[1]);
    let next = daily["next_check_in"].as_f64().unwrap();
    assert_eq!((next % 86_400.0, daily["missed_after"].as_f64()), (12_600.0, Some(next + 300.0)));
    assert_eq!((&daily["schedule_fault"], &broken["next_check_in"]), (&Value::Null, &Value::Null));
    let fault = broken["schedule_fault"].as_str().unwrap();
    assert!(fault.starts_with("the crontab cannot be read"), "{fault}");
}

#[actix_web::test]
async fn a_check_in_without_a_name_or_a_state_is_refused() {
    let app = spawn_app().await;
    for payload in [
        json!({ "status": "ok" }),
        json!({ "monitor_slug": "a" }),
        json!({ "monitor_slug": "", "status": "ok" }),
    ] {
        assert_eq!(app.send(envelope(json!({}), &[("check_in", payload)])).await.status, 400);
    }
}

#[actix_web::test]
async fn monitors_and_their_timelines_are_bounded() {
    let app = spawn_app().await;
    let of = |slug: String| ("check_in", json!({ "monitor_slug": slug, "status": "ok" }));
    let same: Vec<_> = (0..150).map(|_| of("same".to_owned())).collect();
    app.accepted(envelope(json!({}), &same)).await;
    let monitor = app.list("/api/monitors", "monitors").await.remove(0);
    assert_eq!((&monitor["count"], monitor["check_ins"].as_array().unwrap().len()), (&json!(150), 100));
    let others: Vec<_> = (0..200).map(|number| of(number.to_string())).collect();
    app.accepted(envelope(json!({}), &others)).await;
    let monitors = app.list("/api/monitors", "monitors").await;
    assert_eq!((monitors.len(), &monitors[199]["slug"]), (200, &json!("0")), "the oldest is gone");
    let long =
        json!({ "monitor_slug": "long", "status": "ok", "monitor_config": { "text": "x".repeat(5_000) } });
    check_in(&app, long).await;
    assert_eq!(app.list("/api/monitors", "monitors").await[0]["config"], Value::Null);
}

#[actix_web::test]
async fn a_monitor_fails_after_failures_in_a_row_and_recovers_after_successes_in_a_row() {
    let app = spawn_app().await;
    let schedule = json!({ "type": "interval", "value": 1, "unit": "hour" });
    let config = json!({ "schedule": schedule, "failure_issue_threshold": 3, "recovery_threshold": 2 });
    let mut states = Vec::new();
    for status in ["error", "error", "ok", "error", "error", "error", "ok", "error", "ok", "ok", "error"] {
        let run = json!({ "check_in_id": new_id(), "monitor_slug": "pack", "status": status, "monitor_config": config });
        check_in(&app, run).await;
        let monitor = app.list("/api/monitors", "monitors").await.remove(0);
        assert_eq!(monitor["status"], status, "the last run shows as it ended");
        assert_eq!(monitor["failing_since"].is_f64(), monitor["state"] == "error", "{monitor}");
        states.push(monitor["state"].as_str().unwrap().to_owned());
    }
    let [active, ok, error] = ["active", "ok", "error"];
    assert_eq!(states, [active, active, ok, ok, ok, error, error, error, error, ok, ok]);
}

#[actix_web::test]
async fn a_job_that_checks_in_by_plain_http_without_an_id_is_one_run() {
    let app = spawn_app().await;
    for status in ["in_progress", "ok"] {
        let path = format!("/api/1/cron/nightly/any/?status={status}");
        assert!(app.get(&path).await.status < 300, "{status}");
    }
    let monitor = app.list("/api/monitors", "monitors").await.remove(0);
    let runs = monitor["check_ins"].as_array().unwrap();
    assert_eq!(
        (runs.len(), &runs[0]["status"], &monitor["count"]),
        (1, &json!("ok"), &json!(1)),
        "{monitor}"
    );
}

#[actix_web::test]
async fn a_replay_is_counted_with_its_length_and_what_it_names() {
    let app = spawn_app().await;
    let recording = "{\"segment_id\":0}\n[1,2,3]";
    for segment in 0..2 {
        let event = json!({ "type": "replay_event", "replay_id": EVENT_ID, "segment_id": segment, "release": "shop@1",
            "urls": ["https://shop.example/"], "error_ids": [EVENT_ID], "trace_ids": ["t1"] });
        let envelope = envelope(json!({ "event_id": EVENT_ID }), &[("replay_event", event)])
            + &format!("{{\"type\":\"replay_recording\",\"length\":{}}}\n{recording}\n", recording.len());
        app.accepted(envelope).await;
    }
    let replays = app.list("/api/replays", "replays").await;
    assert_eq!(replays.len(), 1);
    let replay = &replays[0];
    assert_eq!((&replay["segments"], &replay["bytes"]), (&json!(2), &json!(2 * recording.len())));
    assert_eq!((&replay["urls"], &replay["release"]), (&json!(["https://shop.example/"]), &json!("shop@1")));
    let items: Vec<_> = (0..600).map(|_| ("replay_event", json!({ "replay_id": new_id() }))).collect();
    app.accepted(envelope(json!({}), &items)).await;
    assert_eq!(app.list("/api/replays", "replays").await.len(), 500, "the oldest are gone");
}

#[actix_web::test]
async fn a_monitor_can_be_looked_at_as_it_will_be_if_its_job_does_not_check_in() {
    let app = spawn_app().await;
    let config = json!({ "schedule": { "type": "interval", "value": 1, "unit": "day" }, "checkin_margin": 1, "max_runtime": 5 });
    let begun = json!({ "monitor_slug": "pack", "status": "in_progress", "monitor_config": config });
    check_in(&app, begun).await;
    let states = async |seconds: u32| {
        let monitors = app.list(&format!("/api/monitors?in={seconds}"), "monitors").await;
        let runs = monitors[0]["check_ins"].as_array().unwrap().len();
        (monitors[0]["status"].as_str().unwrap().to_owned(), runs)
    };
    for (seconds, state, runs) in
        [(600, "timeout", 1), (0, "in_progress", 1), (100_000, "missed", 2), (0, "in_progress", 1)]
    {
        assert_eq!(states(seconds).await, (state.to_owned(), runs), "in {seconds} s");
    }
    for wrong in ["-1", "31622401", "NaN", "soon"] {
        let refused = app.get(&format!("/api/monitors?in={wrong}")).await;
        assert_eq!(refused.status, 400, "{wrong}");
    }
}
