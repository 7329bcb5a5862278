//! Routes at full speed. The variants take turns, so that other work on the machine affects all of them equally.

use std::time::Duration;

use super::setup::{Pair, Setup};
use super::{Part, Plan, Saturation, say};
use crate::Error;
use crate::app::Variant;
use crate::load::{self, Amount, Request};

const CONNECTIONS: usize = 64;
const WARM_UP: Duration = Duration::from_millis(1_500);
const DELAYS_MS: [u64; 2] = [0, 40];

pub(super) async fn measure(plan: &Plan, setup: &Setup, rows: &mut Vec<Saturation>) -> Result<(), Error> {
    for (part, route, path) in [
        (Part::Plain, "plain", "/plain/u-1"),
        (Part::Error, "error", "/error/u-1"),
        (Part::Panic, "panic", "/panic/u-1"),
    ] {
        for delay in DELAYS_MS.into_iter().filter(|_| plan.includes(part)) {
            let variants: &[Variant] = match part {
                Part::Plain => &[Variant::Bare, Variant::Untraced, Variant::Stock, Variant::Ours],
                Part::Panic => &[Variant::Stock, Variant::Ours],
                _ => &[Variant::Bare, Variant::Stock, Variant::Ours],
            };
            let mut rounds: Vec<Vec<Saturation>> = variants.iter().map(|_| Vec::new()).collect();
            for round in 1..=plan.rounds {
                say(&format!("{route} route, Sentry {delay} ms away, round {round} of {}", plan.rounds));
                for (variant, rounds) in variants.iter().zip(&mut rounds) {
                    rounds.push(once(plan, setup, *variant, delay, (route, path)).await?);
                }
            }
            let mut medians: Vec<Saturation> = rounds.into_iter().filter_map(median).collect();
            // No bare service survives a panic by itself: the plain route is what it is compared with.
            let bare =
                rows.iter().chain(&medians).find(|row| row.variant == "bare" && row.sentry_delay_ms == delay);
            let bare = bare.map_or(0.0, |row| row.requests_per_second);
            medians.iter_mut().for_each(|row| row.ratio = row.requests_per_second / bare);
            rows.extend(medians);
        }
    }
    Ok(())
}

async fn once(
    plan: &Plan,
    setup: &Setup,
    variant: Variant,
    delay: u64,
    (route, path): (&'static str, &'static str),
) -> Result<Saturation, Error> {
    let pair = setup.pair(variant, delay).await?;
    let row = saturate(plan.time, pair, Request::get(path)).await?;
    Ok(Saturation { route, variant: variant.to_string(), sentry_delay_ms: delay, ..row })
}

/// One round of one service.
pub(super) async fn saturate(time: Duration, pair: Pair, request: Request) -> Result<Saturation, Error> {
    let warm = load::send(pair.service.address, request, Amount::For(WARM_UP), CONNECTIONS).await;
    let before = pair.service.processor_time();
    let mut answers = load::send(pair.service.address, request, Amount::For(time), CONNECTIONS).await;
    let after = pair.service.processor_time();
    let answered = (answers.answered + answers.dropped).max(1) as f64;
    let [processor_us, server_us] = [0, 1].map(|it| (after[it] - before[it]).as_secs_f64() * 1e6 / answered);
    let (rss_mib, _) = pair.service.memory();
    let received = pair.finish().await?;
    Ok(Saturation {
        requests_per_second: answers.per_second(),
        processor_us,
        server_us,
        p50_ms: answers.quantile(0.5),
        p99_ms: answers.quantile(0.99),
        rss_mib,
        made: (warm.answered + warm.dropped + answers.answered + answers.dropped) as u64,
        transactions: received.transactions,
        events: received.events,
        discarded_transactions: received.lost("transaction"),
        discarded_events: received.lost("error"),
        ..Saturation::default()
    })
}

/// The round in the middle, by requests a second.
pub(super) fn median(mut rounds: Vec<Saturation>) -> Option<Saturation> {
    rounds.sort_by(|a, b| a.requests_per_second.total_cmp(&b.requests_per_second));
    let middle = rounds.len() / 2;
    rounds.into_iter().nth(middle)
}
