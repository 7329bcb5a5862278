//! An audit of the random numbers before a large spin: honest work for a processor, a span for each part.

use std::hint::black_box;
use std::time::{Duration, Instant};

use sentry_context::{breadcrumbs, facts, request};

use crate::domain::payout::Paytable;
use crate::domain::spin;

/// How long each of the quick parts takes.
const QUICK: Duration = Duration::from_millis(25);

/// How long the search for a period takes, which sees the more the longer it looks.
const SEARCH: Duration = Duration::from_millis(100);

/// Numbers in which a period is looked for at once.
const SEQUENCE: usize = 64;

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

/// How often it was done within that time.
fn repeat(work: fn(), time: Duration) -> u64 {
    let started = Instant::now();
    let mut rounds = 0;
    while started.elapsed() < time {
        (0..100).for_each(|_| work());
        rounds += 100;
    }
    rounds
}

/// Does a number come again soon? A generator with so short a period could be predicted.
#[inline(never)]
fn has_period() -> bool {
    let first = rand::random::<u64>();
    (0..SEQUENCE).any(|_| rand::random::<u64>() == first)
}
