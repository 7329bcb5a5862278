//! What profiling costs: the same service with it off and on, by turns.

use std::time::Duration;

use super::setup::{Pair, Setup};
use super::{Plan, Profiling, say};
use crate::Error;
use crate::child::Program;
use crate::load::{self, Amount, Request};

const CONNECTIONS: usize = 64;
const PLAIN: Request = Request::get("/plain/u-1");
const ERROR: Request = Request::get("/error/u-1");

/// Each takes more than a minute.
const MOST_ROUNDS: usize = 3;
/// Until the first chunk is sent, whose symbols are looked up; those that follow know most of them.
const FIRST_CHUNK: Duration = Duration::from_secs(12);
/// Of two chunks.
const TIME: Duration = Duration::from_secs(20);
const STEADY: Amount = Amount::Rate(1_000, Duration::from_secs(10));
/// Until the last request has been sent to Sentry.
const SETTLE: Duration = Duration::from_secs(2);
/// Threads that compute.
const BUSY: &str = "10";
/// Those that sample, make chunks, and deliver.
const SENTRY: &str = "sentry-";
/// The one that samples.
const SAMPLER: &str = "sentry-profiler";

/// A figure of one round: what, its unit, and how much.
type Figure = (&'static str, &'static str, f64);

pub(super) async fn measure(plan: &Plan, setup: &Setup, rows: &mut Vec<Profiling>) -> Result<(), Error> {
    let mut rounds = [Vec::new(), Vec::new()];
    let count = plan.rounds.min(MOST_ROUNDS);
    for round in 1..=count {
        for (rounds, rate) in rounds.iter_mut().zip(["0", "1"]) {
            say(&format!("profiling at {rate}, round {round} of {count}"));
            let mut figures = service(setup, rate).await?;
            figures.extend(computing(setup, rate).await?);
            rounds.push(figures);
        }
    }
    let [off, on] = rounds.map(medians);
    rows.extend(off.into_iter().zip(on).map(|((what, unit, off), (_, _, on))| Profiling {
        what,
        unit,
        off,
        on,
    }));
    Ok(())
}

/// The figures of a service: at saturation, at a steady rate, after an error, and without anything to do.
async fn service(setup: &Setup, rate: &str) -> Result<Vec<Figure>, Error> {
    let workers = setup.workers.to_string();
    let pair = start(setup, &["serve", "ours", &workers], rate).await?;
    let send = |request, amount| load::send(pair.service.address, request, amount, CONNECTIONS);
    send(PLAIN, Amount::For(FIRST_CHUNK)).await;
    let before = pair.service.time_of("");
    let mut plain = send(PLAIN, Amount::For(TIME)).await;
    let used = pair.service.time_of("") - before;
    let (rss, peak) = pair.service.memory();
    let mut steady = send(PLAIN, STEADY).await;
    tokio::time::sleep(SETTLE).await;
    let [idle, sampler] = shares(&pair, ["", SAMPLER]).await;
    let (idle_rss, _) = pair.service.memory();
    send(ERROR, Amount::Count(1)).await;
    tokio::time::sleep(SETTLE).await;
    let (_, error_peak) = pair.service.memory();
    let received = pair.finish().await?;
    Ok(vec![
        ("plain route at saturation, CPU", "us/req", used.as_secs_f64() * 1e6 / plain.answered.max(1) as f64),
        ("plain route at saturation", "req/s", plain.per_second()),
        ("plain route at saturation, p99", "ms", plain.quantile(0.99)),
        ("resident memory at saturation", "MiB", rss),
        ("at its peak", "MiB", peak),
        ("1,000 requests a second, p50", "ms", steady.quantile(0.5)),
        ("1,000 requests a second, p99", "ms", steady.quantile(0.99)),
        ("idle, CPU of all threads", "% of a core", idle),
        ("idle, CPU of the sampler", "% of a core", sampler),
        ("resident memory when idle", "MiB", idle_rss),
        ("at its peak, after an error", "MiB", error_peak),
        ("profile chunks that arrived", "", received.profile_chunks as f64),
        ("profile chunks that were discarded", "", received.lost("profile_chunk") as f64),
    ])
}

/// The figures of threads that do nothing but compute, on all cores: load and sink do nothing meanwhile.
async fn computing(setup: &Setup, rate: &str) -> Result<Vec<Figure>, Error> {
    let cores = [&setup.cores.service[..], &setup.cores.rest].concat();
    let setup = Setup {
        workers: setup.workers,
        cores: crate::affinity::Cores { service: cores, ..setup.cores.clone() },
    };
    let pair = start(&setup, &["busy", BUSY], rate).await?;
    tokio::time::sleep(FIRST_CHUNK).await;
    let [sampler, sentry] = shares(&pair, [SAMPLER, SENTRY]).await;
    let (_, peak) = pair.service.memory();
    pair.finish().await?;
    Ok(vec![
        ("ten busy threads, CPU of the sampler", "% of a core", sampler),
        ("ten busy threads, CPU of all of Sentry's", "% of a core", sentry),
        ("ten busy threads, resident memory at its peak", "MiB", peak),
    ])
}

async fn start(setup: &Setup, role: &[&str], rate: &str) -> Result<Pair, Error> {
    setup.pair_of(Program::Role(role), 0, &[("SENTRY_PROFILE_SESSION_SAMPLE_RATE", rate)]).await
}

/// How much of a core those threads take.
async fn shares<const COUNT: usize>(pair: &Pair, threads: [&str; COUNT]) -> [f64; COUNT] {
    let before = threads.map(|name| pair.service.time_of(name));
    let began = tokio::time::Instant::now();
    tokio::time::sleep(TIME).await;
    let elapsed = began.elapsed().as_secs_f64();
    std::array::from_fn(|at| (pair.service.time_of(threads[at]) - before[at]).as_secs_f64() / elapsed * 100.0)
}

/// The median of each figure.
fn medians(rounds: Vec<Vec<Figure>>) -> Vec<Figure> {
    let Some(first) = rounds.first() else { return Vec::new() };
    let median = |(at, (what, unit, _)): (usize, &Figure)| {
        let mut values: Vec<f64> =
            rounds.iter().filter_map(|round| round.get(at)).map(|figure| figure.2).collect();
        values.sort_by(f64::total_cmp);
        (*what, *unit, values[values.len() / 2])
    };
    first.iter().enumerate().map(median).collect()
}
