//! The check of the services themselves, which it starts and stops.

use demo::services::SERVICES;

use crate::helpers::{Ended, run, run_with, turn};

/// Seconds that events may take on a machine that is busy with other tests.
const PATIENCE: &str = "90";

#[actix_web::test]
async fn every_promise_of_every_service_is_kept() {
    let _turn = turn().await;
    let ended = run(&["check", "--json", "--wait", PATIENCE]).await;
    all_is_kept(&ended);
    assert!(ended.stderr.contains("to fire, without a database"), "{}", ended.stderr);
}

#[actix_web::test]
async fn every_promise_is_kept_with_a_database_too() {
    let _turn = turn().await;
    let Some(url) = fixtures::mongo::url() else { return };
    let ended = run_with(&["check", "--json", "--wait", PATIENCE], &[("MONGODB_URL", &url)]).await;
    all_is_kept(&ended);
    assert!(ended.stderr.contains("to fire, with a database"), "{}", ended.stderr);
}

fn all_is_kept(ended: &Ended) {
    assert_eq!(ended.status, Some(0), "{}\n{}", ended.broken(), ended.stderr);
    let document = ended.json();
    let scenarios = document["scenarios"].as_array().expect("scenarios");
    for service in &SERVICES {
        assert!(scenarios.iter().any(|it| it["service"] == service.name), "none of {}", service.name);
        assert!(ended.stderr.contains(&format!("checking {}", service.name)), "{}", ended.stderr);
    }
    let recovered =
        |it: &serde_json::Value| it["recovered"] == true && it["before"]["started"] == it["after"]["started"];
    assert!(document["services"].as_array().expect("services").iter().all(recovered), "{document}");
}

#[actix_web::test]
async fn one_scenario_of_one_service_can_be_checked_alone() {
    let ended = run(&["check", "--wait", PATIENCE, "--only", "payment.panic"]).await;
    assert_eq!(ended.status, Some(0), "{ended:?}");
    assert_eq!(ended.stdout.lines().last(), Some("1 scenario, 1 kept, 0 broken"), "{ended:?}");
}

#[actix_web::test]
async fn a_service_that_groups_otherwise_than_promised_is_reported() {
    let rules = format!("{}/one-issue-for-all.rules", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&rules, "error.type:* -> everything\n").expect("a file");
    let args = ["check", "--json", "--wait", PATIENCE, "--only", "game-engine.error-value"];
    let ended = run_with(&args, &[("FINGERPRINT_RULES", &rules)]).await;
    assert_eq!(ended.status, Some(1), "{ended:?}");
    assert_eq!(ended.fields("game-engine.error-value"), ["event.fingerprint"]);
}
