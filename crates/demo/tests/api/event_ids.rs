//! One failure, one event, one id.

use std::collections::HashSet;

use crate::full_run::full_run;

#[actix_web::test]
async fn every_call_makes_the_events_it_promises_and_no_other() {
    let run = full_run().await;
    for call in &run.calls {
        assert_eq!(call.status, call.scenario.expect.status, "{call:?}");
        assert_eq!(run.events_of(call).len(), call.scenario.expect.events, "{}", call.scenario.id);
    }
    let promised: usize = run.calls.iter().map(|call| call.scenario.expect.events).sum();
    assert_eq!(run.events.len(), promised);
    let ids: HashSet<_> = run.events.iter().map(|event| event["event_id"].as_str()).collect();
    assert_eq!(ids.len(), promised);
}

#[actix_web::test]
async fn an_answer_that_names_an_event_names_its_own_in_body_and_header() {
    let run = full_run().await;
    let mut named = 0;
    for call in &run.calls {
        let events = run.events_of(call);
        let ids: Vec<_> = events.iter().map(|event| event["event_id"].as_str().expect("an id")).collect();
        let id = &call.scenario.id;
        if let Some(reported) = call.body["event_id"].as_str() {
            named += 1;
            assert_eq!(call.header.as_deref(), Some(reported), "{id}");
            assert!(ids.contains(&reported), "{id}: {reported} is none of {ids:?}");
        } else {
            assert!(call.status < 500, "{id} fails and names no event");
        }
        if let Some(reported) = &call.header {
            assert!(ids.contains(&reported.as_str()), "{id}: {reported} is none of {ids:?}");
        }
    }
    let failures = run.calls.iter().filter(|call| call.status >= 500).count();
    // Work beside the request failed, too: a task that nobody awaits, and a thread.
    assert_eq!(named, failures + 2);
}
