//! Whether everything arrives that is made, and what waiting for it costs.

use std::time::Duration;

use super::setup::{Pair, Setup, received, settled};
use super::{Delivery, Part, Plan, say};
use crate::Error;
use crate::app::Variant;
use crate::load::{self, Amount, Answers, Request};
use crate::sink::Received;

const CONNECTIONS: usize = 64;
const STEADY: Amount = Amount::Rate(1_000, Duration::from_secs(10));
const BURST: usize = 10_000;
/// Long enough for the symbol tables to be unloaded, and the memory to be given back.
const CALM: Duration = Duration::from_secs(10);

pub(super) async fn measure(plan: &Plan, setup: &Setup, rows: &mut Vec<Delivery>) -> Result<(), Error> {
    for delay in [0, 40] {
        for variant in [Variant::Stock, Variant::Ours] {
            if plan.includes(Part::Steady) {
                rows.push(steady(setup, variant, delay, "/plain/u-1").await?);
                rows.push(steady(setup, variant, delay, "/panic/u-1").await?);
            }
            if plan.includes(Part::Bursts) {
                rows.push(burst(setup, variant, delay, "/error/u-1").await?);
                rows.push(burst(setup, variant, delay, "/panic/u-1").await?);
            }
            if plan.includes(Part::Flood) {
                rows.push(flood(setup, variant, delay).await?);
            }
        }
    }
    if plan.includes(Part::Outage) {
        rows.push(outage(setup).await?);
    }
    if plan.includes(Part::Shutdown) {
        rows.push(shutdown(setup).await?);
    }
    Ok(())
}

async fn steady(setup: &Setup, variant: Variant, delay: u64, path: &'static str) -> Result<Delivery, Error> {
    let what = format!("1,000 requests a second, {path}");
    let pair = start(setup, variant, delay, &what).await?;
    let answers = load::send(pair.service.address, Request::get(path), STEADY, CONNECTIONS).await;
    let events = if path.starts_with("/panic") { made(&answers) } else { 0 };
    finish(pair, variant, delay, what, answers, events).await
}

async fn burst(setup: &Setup, variant: Variant, delay: u64, path: &'static str) -> Result<Delivery, Error> {
    let what = format!("{BURST} at once, {path}");
    let pair = start(setup, variant, delay, &what).await?;
    let answers =
        load::send(pair.service.address, Request::get(path), Amount::Count(BURST), CONNECTIONS).await;
    let events = made(&answers);
    finish(pair, variant, delay, what, answers, events).await
}

/// Errors among many more ordinary requests.
async fn flood(setup: &Setup, variant: Variant, delay: u64) -> Result<Delivery, Error> {
    let what = format!("{BURST} errors among 50,000 requests");
    let pair = start(setup, variant, delay, &what).await?;
    let address = pair.service.address;
    let (errors, mut answers) = tokio::join!(
        load::send(address, Request::get("/error/u-1"), Amount::Count(BURST), CONNECTIONS / 2),
        load::send(address, Request::get("/plain/u-1"), Amount::Count(5 * BURST), CONNECTIONS / 2),
    );
    let events = made(&errors);
    answers.add(errors);
    finish(pair, variant, delay, what, answers, events).await
}

/// 2,000 errors over 30 s, and no Sentry for 20 of them.
async fn outage(setup: &Setup) -> Result<Delivery, Error> {
    let what = "2,000 errors, Sentry down for 20 s".to_owned();
    let mut pair = start(setup, Variant::Ours, 0, &what).await?;
    let amount = Amount::Rate(66, Duration::from_secs(31));
    let address = pair.service.address;
    let (answers, down) = tokio::join!(load::send(address, Request::get("/error/u-1"), amount, 8), async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        pair.sentry.report("down 20").await
    });
    down?;
    let events = made(&answers);
    finish(pair, Variant::Ours, 0, what, answers, events).await
}

/// SIGTERM amidst errors that a slow Sentry has not got yet; the next start sends the rest.
async fn shutdown(setup: &Setup) -> Result<Delivery, Error> {
    let what = "2,000 errors, SIGTERM, next start".to_owned();
    say(&what);
    let spool = std::env::temp_dir().join(format!("bench-spool-{}", std::process::id()));
    let environment = [("SENTRY_SPOOL_DIR", spool.to_str().unwrap_or("spool"))];
    // So slow that little gets through within the shutdown's five seconds.
    let delay = 1_000;
    let sentry = setup.sentry(delay).await?;
    let mut service = setup.service(Variant::Ours, &sentry, &environment).await?;
    let answers =
        load::send(service.address, Request::get("/error/u-1"), Amount::Count(2_000), CONNECTIONS).await;
    let (_, peak_mib) = service.memory();
    service.terminate()?;
    service.ended().await?;
    let before = received(&sentry).await?;
    let next = setup.service(Variant::Ours, &sentry, &environment).await?;
    let all = |received: &Received| received.events + received.lost("error") >= 2_000;
    let after = settled(&sentry, all).await?;
    let what = format!("{what}: {} before, {} after", before.events, after.events - before.events);
    let (after_mib, _) = next.memory();
    drop(next);
    std::fs::remove_dir_all(&spool)?;
    Ok(row(what, Variant::Ours, delay, answers, 2_000, &after, (peak_mib, after_mib)))
}

async fn start(setup: &Setup, variant: Variant, delay: u64, what: &str) -> Result<Pair, Error> {
    say(&format!("{what}, {variant}, Sentry {delay} ms away"));
    setup.pair(variant, delay).await
}

async fn finish(
    pair: Pair,
    variant: Variant,
    delay: u64,
    what: String,
    answers: Answers,
    events: u64,
) -> Result<Delivery, Error> {
    let transactions = made(&answers);
    let all = |received: &Received| {
        received.events + received.lost("error") >= events
            && received.transactions + received.lost("transaction") >= transactions
    };
    pair.settled(all).await?;
    let (_, peak) = pair.service.memory();
    tokio::time::sleep(CALM).await;
    let (after, _) = pair.service.memory();
    let received = pair.finish().await?;
    Ok(row(what, variant, delay, answers, events, &received, (peak, after)))
}

pub(super) fn made(answers: &Answers) -> u64 {
    (answers.answered + answers.dropped) as u64
}

pub(super) fn row(
    what: String,
    variant: Variant,
    delay: u64,
    mut answers: Answers,
    events: u64,
    received: &Received,
    (peak_mib, after_mib): (f64, f64),
) -> Delivery {
    Delivery {
        what,
        variant: variant.to_string(),
        sentry_delay_ms: delay,
        answered: answers.answered as u64,
        requests_per_second: answers.per_second(),
        p50_ms: answers.quantile(0.5),
        p99_ms: answers.quantile(0.99),
        events_made: events,
        events: received.events,
        events_twice: received.twice,
        discarded_events: received.lost("error"),
        transactions_made: made(&answers),
        transactions: received.transactions,
        discarded_transactions: received.lost("transaction"),
        peak_mib,
        after_mib,
    }
}
