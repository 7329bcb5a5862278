//! Whether anything is lost while a profiled service is under load, panics, leaks, stalls, and has children that crash.

use std::time::Duration;

use super::delivery::{made, row};
use super::setup::Setup;
use super::{Delivery, say};
use crate::Error;
use crate::app::Variant;
use crate::child::Program;
use crate::load::{self, Amount, Answers, Request};
use crate::sink::Received;

/// How long all of it goes on.
const TIME: Duration = Duration::from_secs(60);
const CONNECTIONS: usize = 48;

const PAYMENT: Request =
    Request { path: "/process", body: Some(r#"{"userId":"USER","bet":10,"payout":25}"#) };
const PANIC: Request = Request::get("/debug/crash");
const LEAK: Request = Request::get("/debug/memory-leak?mb=1");
const CRASH: Request = Request::get("/debug/stack-overflow?mode=native");
const STALL: Request = Request::get("/debug/event-loop-block?seconds=1.5");

/// Between two stalls.
const PAUSE: Duration = Duration::from_secs(8);

/// A refusal, which no event reports.
const REFUSED: u16 = 503;

/// No database and no broker are needed: nothing of theirs is to fail.
const ENVIRONMENT: [(&str, &str); 5] = [
    ("SENTRY_PROFILE_SESSION_SAMPLE_RATE", "1"),
    ("MONGODB_URL", "memory:"),
    ("ERROR_RATE", "0"),
    ("PROVIDER_DELAY_MS", "0"),
    ("RUST_LOG", "info"),
];

pub(super) async fn measure(setup: &Setup) -> Result<Delivery, Error> {
    say(&format!("{} s of everything at once, profiled", TIME.as_secs()));
    let pair = setup.pair_of(Program::Service("payment"), 0, &ENVIRONMENT).await?;
    let address = pair.service.address;
    let send =
        |request, rate, connections| load::send(address, request, Amount::Rate(rate, TIME), connections);
    let (mut payments, panics, leaks, crashes, stalls) = tokio::join!(
        load::send(address, PAYMENT, Amount::For(TIME), CONNECTIONS),
        send(PANIC, 50, 8),
        send(LEAK, 2, 1),
        send(CRASH, 1, 1),
        async {
            let mut stalls = Answers::default();
            for _ in 0..TIME.as_secs() / PAUSE.as_secs() {
                stalls.add(load::send(address, STALL, Amount::Count(1), 1).await);
                tokio::time::sleep(PAUSE).await;
            }
            stalls
        },
    );
    let what = format!(
        "{} s of payments; {} panics, {} crashes, {} leaks, {} stalls",
        TIME.as_secs(),
        made(&panics),
        made(&crashes),
        made(&leaks),
        made(&stalls),
    );
    // Each error that is answered is one event; so is each leak and each stall, beside what the watchdog says of it.
    let messages = [&leaks, &stalls]
        .map(|answers| answers.statuses.get(&200).copied().unwrap_or(0))
        .iter()
        .sum::<usize>();
    for answers in [panics, leaks, crashes, stalls] {
        payments.add(answers);
    }
    let errors: usize = payments
        .statuses
        .iter()
        .filter(|(status, _)| **status >= 500 && **status != REFUSED)
        .map(|it| it.1)
        .sum();
    let (events, transactions) = ((errors + messages) as u64, made(&payments));
    let accounted = |received: &Received| {
        received.asked_for() + received.lost("error") >= events
            && received.transactions + received.lost("transaction") >= transactions
    };
    pair.settled(accounted).await?;
    let (after, peak) = pair.service.memory();
    let received = pair.finish().await?;
    let chunks = format!("{} chunks, {} discarded", received.profile_chunks, received.lost("profile_chunk"));
    let received = Received { events: received.asked_for(), ..received };
    Ok(row(format!("{what}; {chunks}"), Variant::Ours, 0, payments, events, &received, (peak, after)))
}

impl Received {
    /// Events without those of the watchdog.
    fn asked_for(&self) -> u64 {
        self.events - self.stalls
    }
}
