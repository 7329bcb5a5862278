//! What belongs together is one issue, and nothing else is.

use std::collections::{HashMap, HashSet};

use demo::services::SERVICES;
use inbox::Inbox;

use crate::full_run::{client, full_run, start};

#[actix_web::test]
async fn leaks_that_differ_in_their_numbers_are_one_issue() {
    let inbox = Inbox::start().await.expect("an inbox");
    let process = start(&SERVICES[0], &inbox, &[]);
    for mb in [1, 3] {
        client().get(format!("{}/debug/memory-leak?mb={mb}", process.url())).send().await.expect("an answer");
    }
    inbox.wait_until("two events", |inbox| inbox.events().len() == 2).await.expect("two events");
    let messages: HashSet<_> =
        inbox.events().iter().map(|it| it["logentry"]["message"].to_string()).collect();
    assert_eq!((messages.len(), inbox.issues().len()), (2, 1), "{messages:?}");
}

#[actix_web::test]
async fn the_six_error_types_are_six_issues() {
    let run = full_run().await;
    let of = |word: &str| format!("game-engine.error-{word}");
    let ids = ["value", "type", "index", "key", "zero", "custom"].map(of);
    let issues: HashSet<_> = run
        .issues
        .iter()
        .filter(|issue| issue.scenario.as_ref().is_some_and(|scenario| ids.contains(scenario)))
        .map(|issue| &issue.id)
        .collect();
    assert_eq!(issues.len(), 6);
}

#[actix_web::test]
async fn the_issues_of_two_services_stay_apart_even_in_one_project() {
    let run = full_run().await;
    let mut service_of = HashMap::new();
    for issue in &run.issues {
        let other = service_of.insert(&issue.fingerprint, &issue.service);
        assert!(other.is_none_or(|other| *other == issue.service), "{:?}", issue.fingerprint);
    }
    let services: HashSet<_> = service_of.values().collect();
    assert_eq!(services.len(), SERVICES.len());
}
