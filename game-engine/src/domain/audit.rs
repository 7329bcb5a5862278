//! An audit of the random numbers before a large spin: honest work for a processor, a span for each part.

use std::hint::black_box;
use std::time::{Duration, Instant};

use sentry_context::{breadcrumbs, facts, request};

use crate::domain::payout::Paytable;
use crate::domain::spin;

/// How long each part takes.
const PART: Duration = Duration::from_millis(50);

/// Runs all parts, some 150 ms; not for an asynchronous worker.
pub fn run() {
    let parts: [(&str, fn()); 3] = [
        ("simulate spins", || {
            black_box(spin::spin(1.0, Paytable::Proven, &mut rand::rng()));
        }),
        ("test the bits", || {
            black_box(rand::random::<u64>().count_ones());
        }),
        ("look for periods", || {
            black_box((0..64).fold(rand::random::<u64>(), |seen, shift| seen ^ seen.rotate_left(shift)));
        }),
    ];
    for (name, work) in parts {
        request::spanned_now("function", name, |span| {
            let rounds = repeat(work);
            breadcrumbs::step("audit", name, facts([("rounds", rounds.into())]));
            if let Some(span) = span {
                span.set_data("rounds", rounds.into());
            }
        });
    }
}

/// How often it was done meanwhile.
fn repeat(work: fn()) -> u64 {
    let started = Instant::now();
    let mut rounds = 0;
    while started.elapsed() < PART {
        (0..100).for_each(|_| work());
        rounds += 100;
    }
    rounds
}
