//! Players that play: load as from a gateway in front of the services, so that there is something to look at.
//!
//! Players visit at a steady rate. Most play a round: a bet to the game engine, the booking to payment, and by the broker
//! to analytics, all in one trace below the gateway's root span, which this program sends itself. Some look at their
//! figures, mistype a bet, hang up, or meet a scenario. It never overloads: a bounded number of visits is under way, so
//! that fewer begin where answers are slow. It stops by itself.
//!
//! - [`options`] how much of what; [`player`] who; [`visit`] what a player does; [`gateway`] the trace of it
//! - [`counts`] what has come of it; [`command`] the command line's side; [`waterfalls`] whether its traces are whole

pub mod command;
pub mod counts;
pub mod gateway;
pub mod options;
pub mod player;
pub mod visit;
pub mod waterfalls;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

pub use counts::Counts;
pub use options::{BadOptions, Kind, Options};

use gateway::Gateway;
use visit::Services;

/// How long a visit may take so that the full rate is reached: with slower answers, fewer visits begin.
const UNDER_WAY: f64 = 0.25;

/// Fewest and most visits that are under way at once.
const FEWEST: usize = 2;
const MOST: usize = 64;

/// How often is said how far it is.
const REPORT: Duration = Duration::from_millis(500);

/// After a visit without an answer, its place stays taken for that long.
const PAUSE: Duration = Duration::from_secs(1);

/// Visits until the time is up or `stopped` says so; reports what has come of it until then.
pub async fn run(
    options: Options,
    services: Services,
    gateway: &Gateway,
    mut stopped: watch::Receiver<bool>,
    report: impl Fn(Counts),
) {
    let services = Arc::new(services);
    let end = Instant::now() + Duration::from_secs_f64(options.seconds);
    let mut ticks = interval(Duration::from_secs_f64(1.0 / options.rate));
    // A visit that begins late does not delay those after it: the delays would add up to a lower rate.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut reports = interval(REPORT);
    let places = Arc::new(Semaphore::new(places(options.rate)));
    let mut visits = JoinSet::new();
    let mut counts = Counts::begin(&options);
    loop {
        let tick = async {
            // The closed semaphore that could fail is never closed.
            let place = Arc::clone(&places).acquire_owned().await.ok();
            ticks.tick().await;
            place
        };
        tokio::select! {
            () = sleep_until(end) => break,
            _ = stopped.wait_for(|stopped| *stopped) => break,
            place = tick => {
                let kind = options.choose();
                let (services, gateway) = (Arc::clone(&services), gateway.clone());
                visits.spawn(async move {
                    let outcome = visit::make(kind, &services, &gateway).await;
                    if outcome.status.is_none() && kind != Kind::HangUp {
                        tokio::time::sleep(PAUSE).await;
                    }
                    drop(place);
                    (kind, outcome)
                });
            }
            Some(ended) = visits.join_next() => if let Ok((kind, outcome)) = ended {
                counts.add(kind, &outcome);
            },
            _ = reports.tick() => report(counts.now()),
        }
    }
    // What is under way is not counted any more.
    visits.shutdown().await;
    report(counts.end());
}

fn places(rate: f64) -> usize {
    // The rate is bounded.
    ((rate * UNDER_WAY).ceil() as usize).clamp(FEWEST, MOST)
}
