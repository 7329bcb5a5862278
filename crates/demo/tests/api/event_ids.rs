//! One failure, one event, one id.

use std::collections::HashSet;

use crate::volley::volley;

#[actix_web::test]
async fn every_call_makes_the_events_it_promises_and_no_other() {
    let volley = volley().await;
    for shot in &volley.shots {
        assert_eq!(shot.status, shot.scenario.expect.status, "{shot:?}");
        assert_eq!(volley.events_of(shot).len(), shot.scenario.expect.events, "{}", shot.scenario.id);
    }
    let promised: usize = volley.shots.iter().map(|shot| shot.scenario.expect.events).sum();
    assert_eq!(volley.events.len(), promised);
    let ids: HashSet<_> = volley.events.iter().map(|event| event["event_id"].as_str()).collect();
    assert_eq!(ids.len(), promised);
}

#[actix_web::test]
async fn an_answer_that_names_an_event_names_its_own_in_body_and_header() {
    let volley = volley().await;
    let mut named = 0;
    for shot in &volley.shots {
        let events = volley.events_of(shot);
        let ids: Vec<_> = events.iter().map(|event| event["event_id"].as_str().expect("an id")).collect();
        let id = &shot.scenario.id;
        if let Some(told) = shot.body["event_id"].as_str() {
            named += 1;
            assert_eq!(shot.header.as_deref(), Some(told), "{id}");
            assert!(ids.contains(&told), "{id}: {told} is none of {ids:?}");
        } else {
            assert!(shot.status < 500, "{id} fails and names no event");
        }
        if let Some(told) = &shot.header {
            assert!(ids.contains(&told.as_str()), "{id}: {told} is none of {ids:?}");
        }
    }
    let failures = volley.shots.iter().filter(|shot| shot.status >= 500).count();
    // Work beside the request failed, too: a task that nobody awaits, and a thread.
    assert_eq!(named, failures + 2);
}
