//! A service that is profiled while it fails in several ways at once, and while it does nothing.

use std::time::Duration;

use fixtures::common::binary::NO_WATCHDOG;
use fixtures::profile;
use fixtures::service::Service;
use futures_util::future::join_all;
use inbox::Inbox;
use sentry_context::profile::FREQUENCY;

use crate::helpers::{App, exception};

/// Paths of scenarios, how often each is called, and the status of its answer.
const CALLS: [(&str, usize, u16); 4] = [
    ("/debug/crash", 60, 500),
    ("/debug/memory-leak?mb=1", 20, 200),
    ("/debug/stack-overflow?mode=native", 4, 500),
    ("/debug/event-loop-block?seconds=0.3", 1, 200),
];

#[actix_web::test]
async fn no_request_and_no_event_is_lost_of_crashes_leaks_and_stalls_while_they_are_sampled() {
    let inbox = profile::inbox().await;
    let dsn = inbox.dsn();
    let binary = env!("CARGO_BIN_EXE_payment");
    let mut app = App::of(Service::start(binary, &[("SENTRY_DSN", &dsn), NO_WATCHDOG]), inbox);
    let calls = CALLS.iter().flat_map(|call| std::iter::repeat_n(call, call.1));
    let calls = calls.map(async |(path, _, status)| (path, *status, app.get(path).await));
    for (path, status, answer) in join_all(calls).await {
        assert_eq!(answer.status, status, "{path}: {answer:?}");
    }
    let all: usize = CALLS.iter().map(|(_, calls, _)| calls).sum();
    let has_all = |inbox: &Inbox| inbox.transactions().len() == all && inbox.events().len() == all;
    app.inbox.wait_until("all transactions and events", has_all).await.unwrap();
    let events = app.inbox.events();
    let failed: Vec<_> = events.iter().filter(|event| event.get("exception").is_some()).collect();
    let of = |ty: &str| failed.iter().filter(|event| exception(event)["type"] == ty).count();
    assert_eq!((of("Error"), of("SIGSEGV")), (60, 4));
    let has_chunk = |inbox: &Inbox| !profile::chunks(inbox).is_empty();
    app.inbox.wait_until("a chunk", has_chunk).await.unwrap();
    assert_eq!(app.service.as_mut().unwrap().terminate(), Some(0));
    // The end has a second for the last chunk, which a busy machine may not keep.
    let discarded = app.inbox.stats().discarded;
    assert!(discarded.iter().all(|it| it.category == "profile_chunk"), "{discarded:?}");
    let chunks = profile::chunks(&app.inbox);
    chunks.iter().for_each(|chunk| chunk.assert_valid("payment-service@1.0.0"));
}

/// How often the sampler of a process has woken up so far, once there is one.
fn looks(pid: u32) -> Option<u64> {
    let is_it = |name: String| name.trim_end() == "sentry-profiler";
    let mut tasks =
        std::fs::read_dir(format!("/proc/{pid}/task")).ok()?.filter_map(|task| Some(task.ok()?.path()));
    let sampler = tasks.find(|task| std::fs::read_to_string(task.join("comm")).is_ok_and(is_it))?;
    let status = std::fs::read_to_string(sampler.join("status")).ok()?;
    let count = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
    count.trim().parse().ok()
}

#[actix_web::test]
async fn heartbeats_timers_and_the_watchdog_do_not_keep_the_sampler_awake() {
    let inbox = profile::inbox().await;
    let dsn = inbox.dsn();
    let service = Service::start(env!("CARGO_BIN_EXE_payment"), &[("SENTRY_DSN", &dsn)]);
    let few_looks = async || {
        let before = looks(service.pid());
        tokio::time::sleep(Duration::from_secs(2)).await;
        let both = looks(service.pid()).zip(before);
        both.is_some_and(|(looks, before)| looks - before < u64::from(FREQUENCY) * 2 / 3)
    };
    fixtures::wait::until("two seconds with few looks", few_looks).await;
}
