//! Sessions and metrics add up to the requests that were made.

use demo::services::SERVICES;
use inbox::Inbox;
use serde_json::Value;

use crate::correlation::attribute;
use crate::full_run::{Call, client, full_run, start};

#[actix_web::test]
async fn sessions_add_up_to_the_calls_of_a_full_run() {
    let run = full_run().await;
    for service in &SERVICES {
        let fired: Vec<_> =
            run.calls.iter().filter(|call| call.scenario.id.starts_with(service.name)).collect();
        let ends: Vec<_> = fired.iter().map(|call| end(&run.events_of(call))).collect();
        let count = |end: &str| ends.iter().filter(|it| **it == end).count() as u64;
        let release = |it: &&inbox::Sessions| it.release.starts_with(service.name);
        let sessions = run.sessions.iter().find(release).expect("sessions");
        // The catalogue was asked for as well.
        let reported = (sessions.crashed, sessions.errored, sessions.exited, sessions.abnormal);
        assert_eq!(
            reported,
            (count("crashed"), count("errored"), count("exited") + 1, 0),
            "{}",
            service.name
        );
    }
}

/// How the session of a call with these events ends.
fn end(events: &[&Value]) -> &'static str {
    let exceptions = |event: &Value| event["exception"]["values"].as_array().cloned().unwrap_or_default();
    let unhandled = |event: &&Value| exceptions(event).iter().any(|it| it["mechanism"]["handled"] == false);
    let bad = |event: &&Value| event["level"] == "error" || event["level"] == "fatal";
    match events {
        events if events.iter().any(unhandled) => "crashed",
        events if events.iter().any(bad) => "errored",
        _ => "exited",
    }
}

#[actix_web::test]
async fn sessions_add_up_to_the_requests_of_each_kind() {
    let inbox = Inbox::start().await.expect("an inbox");
    let mut process = start(&SERVICES[0], &inbox, &[]);
    let http = client();
    for (path, times) in [
        ("/debug/crash", 3),
        ("/debug/error/key", 4),
        ("/debug/memory-leak?mb=1", 5),
        ("/health", 6),
        ("/none", 7),
    ] {
        for _ in 0..times {
            http.get(format!("{}{path}", process.url())).send().await.expect("an answer");
        }
    }
    // On a busy machine, the end does not wait for the stack of each error.
    inbox
        .wait_until("the event of each error and leak", |inbox| inbox.events().len() == 12)
        .await
        .expect("twelve events");
    assert_eq!(process.terminate(), Some(0));
    let sessions = &inbox.sessions()[0];
    assert_eq!((sessions.crashed, sessions.errored, sessions.exited), (3, 4, 18));
    let requests = |status: u16| {
        let counted = |metric: &&Value| {
            metric["name"] == "http.server.requests"
                && attribute(metric, "http.response.status_code") == status
        };
        inbox.metrics().iter().filter(counted).count()
    };
    assert_eq!([requests(500), requests(200), requests(404)], [7, 11, 7]);
}

#[actix_web::test]
async fn each_call_is_counted_and_timed_by_its_route() {
    let run = full_run().await;
    for Call { scenario, trace, status, .. } in &run.calls {
        let metrics: Vec<_> = run.metrics.iter().filter(|it| it["trace_id"] == trace.as_str()).collect();
        let named = |name: &str| metrics.iter().filter(|it| it["name"] == name).collect::<Vec<_>>();
        for name in ["http.server.requests", "http.server.request.duration"] {
            let [metric] = named(name)[..] else { panic!("{}: {metrics:?}", scenario.id) };
            assert_eq!(attribute(metric, "http.route"), scenario.path.as_str());
            assert_eq!(attribute(metric, "http.request.method"), scenario.method.as_str());
            assert_eq!(attribute(metric, "http.response.status_code"), *status);
        }
        assert_eq!(named("http.server.request.duration")[0]["unit"], "millisecond");
        let [fired] = named("scenario.fired")[..] else { panic!("{}: {metrics:?}", scenario.id) };
        let service = attribute(fired, "service");
        assert_eq!(
            scenario.id,
            format!(
                "{}.{}",
                service.as_str().unwrap_or(""),
                attribute(fired, "scenario").as_str().unwrap_or("")
            )
        );
    }
}
