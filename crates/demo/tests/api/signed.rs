//! What Sentry's own code says of everything that every scenario sends.

use fixtures::judge::{Judged, findings};
use fixtures::needed;
use serde_json::{Value, json};

use crate::full_run::full_run;

#[actix_web::test]
async fn sentrys_normaliser_and_bugsinks_schema_find_nothing() {
    let run = full_run().await;
    let name = |payload: &Value| payload["tags"]["scenario"].as_str().unwrap_or("no scenario").to_owned();
    let events = run.events.iter().map(|event| (name(event), Judged::Event(event)));
    let transactions = run.transactions.iter().map(|it| (name(it), Judged::Transaction(it)));
    let payloads: Vec<_> = events.chain(transactions).collect();
    let Some(found) = needed(findings(&payloads)) else { return };
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[actix_web::test]
async fn what_is_wrong_with_an_event_is_found() {
    let good =
        json!({ "event_id": "0".repeat(31) + "1", "level": "error", "logentry": { "message": "hello" } });
    let mut bad = good.clone();
    bad["level"] = "awful".into();
    bad["user"] = json!({ "ip_address": "nowhere" });
    let mut other = good.clone();
    other["message"] = "the schema knows no message here".into();
    let payloads = [("good", &good), ("bad", &bad), ("other", &other)];
    let payloads = payloads.map(|(name, event)| (name.to_owned(), Judged::Event(event)));
    let Some(found) = needed(findings(&payloads)) else { return };
    for reported in
        ["bad _meta at .level", "bad error: ", "bad _meta at .user.ip_address", "other schema at "]
    {
        assert!(found.iter().any(|found| found.starts_with(reported)), "no `{reported}` in {found:#?}");
    }
    assert!(!found.iter().any(|found| found.starts_with("good")), "{found:#?}");
}

#[actix_web::test]
async fn there_is_one_runtime_with_its_name_and_version_beside_its_statistics() {
    let run = full_run().await;
    for event in &run.events {
        let contexts = event["contexts"].as_object().expect("contexts");
        let runtimes = contexts.values().filter(|context| context["type"] == "runtime");
        assert_eq!(runtimes.count(), 1, "{}", event["tags"]);
        let runtime = &contexts["runtime"];
        assert_eq!(runtime["name"], "rustc");
        assert!(runtime["version"].as_str().is_some_and(|version| version.starts_with("1.")), "{runtime}");
        for statistic in ["memory_mb", "cpu_percent", "threads", "uptime_seconds", "open_fds"] {
            assert!(runtime[statistic].is_number(), "{statistic} of {runtime}");
        }
    }
}

#[actix_web::test]
async fn all_four_levels_occur_and_every_event_has_a_fingerprint_of_ours() {
    let run = full_run().await;
    for level in ["fatal", "error", "warning", "info"] {
        assert!(run.events.iter().any(|event| event["level"] == level), "{level}");
    }
    for event in &run.events {
        assert!(event["fingerprint"].as_array().is_some_and(|parts| parts.len() > 1), "{}", event["tags"]);
    }
}
