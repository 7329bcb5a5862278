//! A process that does nothing, and then something: the sampler is on standby by then.

use std::collections::BTreeSet;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use fixtures::profile;
use sentry_context::client::Guard;
use sentry_context::profile::{FREQUENCY, followed, standby};
use sentry_context::sentry::{self, Hub, TransactionContext};

use crate::profiled::{TIME, burn, used};
use crate::profiler::{assert_valid, samples_of, started};

/// Pieces of work, and how much CPU time each takes: less than the time between two looks on standby.
const PIECES: usize = 12;
const PIECE: Duration = Duration::from_millis(30);

/// How long a machine that is busy with other tests may keep the sampler awake.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often the sampler has woken up so far.
fn looks() -> u64 {
    let is_it = |name: String| name.trim_end() == "sentry-profiler";
    loop {
        for task in fs::read_dir("/proc/self/task").unwrap().map(|task| task.unwrap().path()) {
            if fs::read_to_string(task.join("comm")).is_ok_and(is_it) {
                let status = fs::read_to_string(task.join("status")).unwrap();
                let count = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
                return count.unwrap().trim().parse().unwrap();
            }
        }
        // It gives itself its name.
        thread::yield_now();
    }
}

/// Looks of the sampler within a second.
fn looks_in_a_second() -> u64 {
    let before = looks();
    thread::sleep(Duration::from_secs(1));
    looks() - before
}

/// Waits until it samples rarely.
fn rests() {
    let began = Instant::now();
    while looks_in_a_second() > u64::from(FREQUENCY / 4) {
        assert!(began.elapsed() < PATIENCE, "the sampler never rests");
    }
}

/// Nothing but the statistics of the process goes on; then a thread computes that has no span.
pub(crate) fn rests_and_works() {
    rests();
    let worker = thread::spawn(begins_late);
    // The machine may leave it no time to look so often.
    let began = Instant::now();
    let mut looks = 0;
    while looks < u64::from(FREQUENCY / 3) && began.elapsed() < TIME {
        looks = looks_in_a_second();
    }
    worker.join().unwrap();
    assert!(looks >= u64::from(FREQUENCY / 3), "{looks} looks in a second");
    rests();
}

#[inline(never)]
fn begins_late() {
    burn(TIME);
    std::hint::black_box(());
}

/// Pieces of work for a span of their own, each while the sampler is on standby.
pub(crate) fn works_for_spans(sentry: &Guard) {
    Hub::run(sentry.hub(), || {
        actix_web::rt::System::new().block_on(async {
            for number in 0..PIECES {
                let began = Instant::now();
                while !standby::is_on() {
                    assert!(began.elapsed() < PATIENCE, "the sampler never rests");
                    thread::sleep(Duration::from_millis(5));
                }
                // At any moment of its rest.
                thread::sleep(Duration::from_millis(20) + 11 * Duration::from_millis(number as u64));
                let transaction = sentry::start_transaction(TransactionContext::new("piece", "work"));
                let work = async {
                    assert!(!standby::is_on(), "it waits for its next look");
                    works_for_a_span();
                };
                followed(&transaction, work).await;
                transaction.finish();
            }
        });
    });
}

#[inline(never)]
fn works_for_a_span() {
    let used = used();
    while used() < PIECE {
        std::hint::black_box(());
    }
    std::hint::black_box(());
}

#[actix_web::test]
async fn the_sampler_rests_while_nothing_happens_and_finds_work_on_any_thread() {
    let (inbox, profiled) = started("rest").await;
    profiled.ends_well().await;
    assert_valid(&inbox);
    assert!(samples_of(&inbox, "::begins_late") > 50);
}

#[actix_web::test]
async fn work_with_a_span_has_samples_from_its_begin_on_while_the_sampler_rests() {
    let (inbox, profiled) = started("spans").await;
    profiled.ends_well().await;
    assert_valid(&inbox);
    let chunks = profile::chunks(&inbox);
    let samples = chunks.iter().flat_map(|chunk| chunk.samples().iter().map(move |it| (chunk, it)));
    let is_work = |functions: Vec<&str>| functions.iter().any(|it| it.ends_with("::works_for_a_span"));
    let of_work = samples.filter(|(chunk, sample)| is_work(chunk.functions(sample)));
    let pieces: BTreeSet<_> = of_work.filter_map(|(_, sample)| sample["span_id"].as_str()).collect();
    // A busy machine may wake the sampler late.
    assert!(pieces.len() >= PIECES - 2, "{} of {PIECES}", pieces.len());
}
