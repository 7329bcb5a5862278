//! An audit of the random numbers before a large spin: honest work for a processor, a span for each part.

use std::hint::black_box;
use std::time::{Duration, Instant};

use sentry_context::runtime_stats::thread_cpu_time;
use sentry_context::{breadcrumbs, facts, request};

use crate::domain::payout::Paytable;
use crate::domain::spin;

/// A part ends after this many times its time by the clock, however little of a core it was given.
const BUSIEST: u32 = 10;

/// CPU time that each of the quick parts takes.
const QUICK: Duration = Duration::from_millis(25);

/// The same for the search for a period, which sees the more the longer it looks.
const SEARCH: Duration = Duration::from_millis(100);

/// Numbers in which a period is looked for at once.
const SEQUENCE: usize = 64;

/// Rounds from one look at the clock to the next. To ask for a thread's CPU time is a call of the system: with fewer
/// rounds it would be what the audit does most of the time.
const ROUNDS: u64 = 2_000;

/// Runs all parts, some 150 ms; not for an asynchronous worker.
pub fn run() {
    part("simulate spins", QUICK, || {
        black_box(spin::spin(1.0, Paytable::Proven, &mut rand::rng()));
    });
    part("test the bits", QUICK, || {
        black_box(rand::random::<u64>().count_ones());
    });
    part("look for periods", SEARCH, || {
        black_box(has_period());
    });
}

fn part(name: &'static str, time: Duration, work: fn()) {
    request::spanned_now("function", name, |span| {
        let rounds = repeat(work, time);
        breadcrumbs::step("audit", name, facts([("rounds", rounds.into())]));
        if let Some(span) = span {
            span.set_data("rounds", rounds.into());
        }
    });
}

/// How often it was done within that CPU time, so that the parts of a profile are the same on a busy machine.
fn repeat(work: fn(), time: Duration) -> u64 {
    let (started, used) = (Instant::now(), thread_cpu_time());
    let mut rounds = 0;
    while thread_cpu_time().saturating_sub(used) < time && started.elapsed() < time * BUSIEST {
        (0..ROUNDS).for_each(|_| work());
        rounds += ROUNDS;
    }
    rounds
}

/// Does a number come again soon? A generator with so short a period could be predicted.
#[inline(never)]
fn has_period() -> bool {
    let first = rand::random::<u64>();
    (0..SEQUENCE).any(|_| rand::random::<u64>() == first)
}
