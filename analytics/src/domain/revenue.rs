//! The revenue report, which reads a month of bets into memory where it could add them up one by one.

use sentry_context::platform::give_memory_back;
use sentry_context::runtime_stats::memory_mb_now;
use sentry_context::sentry::Level;
use sentry_context::step::Step;
use sentry_context::{breadcrumbs, facts, report};

/// Bets of a month: 50 MiB of them.
const BETS: usize = 50 * 1024 * 1024 / size_of::<Bet>();

/// A bet as the report reads it, 64 bytes.
#[derive(Debug, Clone, Copy)]
struct Bet {
    cents: u64,
    _player: [u8; 56],
}

/// What the report took.
#[derive(Debug, Clone, Copy)]
pub struct Spike {
    /// Resident memory that the process gained meanwhile, MiB.
    pub increase_mb: f64,
    /// Resident memory of the process after the bets were dropped, MiB.
    pub final_mb: f64,
}

/// Adds up a month of bets, and warns of the memory that this takes.
pub fn monthly() -> Spike {
    let step = Step::begin("revenue", "reading a month of bets into memory", facts([("bets", BETS.into())]));
    let before = memory_mb_now();
    // Made one by one, as rows of a query come in: every page is written to, so all of it is resident.
    let bets: Vec<Bet> = (0..BETS).map(|row| Bet { cents: row as u64 % 500, _player: [0xA5; 56] }).collect();
    let peak = memory_mb_now();
    drop(step);
    let _sum = Step::silent("function", "add up the bets");
    let cents: u64 = std::hint::black_box(&bets).iter().map(|bet| bet.cents).sum();
    drop(bets);
    give_memory_back();
    let spike = Spike { increase_mb: hundredths(peak - before), final_mb: memory_mb_now() };
    let data = facts([("revenue_cents", cents.into()), ("final_memory_mb", spike.final_mb.into())]);
    breadcrumbs::step("revenue", "bets added up and dropped", data);
    warn(spike, peak);
    spike
}

fn warn(spike: Spike, peak: f64) {
    let text =
        format!("Memory spiked by {} MB: the revenue report reads all bets at once", spike.increase_mb);
    let context = facts([
        ("memory_increase_mb", spike.increase_mb.into()),
        ("peak_memory_mb", peak.into()),
        ("final_memory_mb", spike.final_mb.into()),
        ("bets", BETS.into()),
    ]);
    report::message(Level::Warning, text, ("memory_spike", context));
}

fn hundredths(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}
