//! A service that starts and then idles.

use std::time::Duration;

use super::setup::Setup;
use super::{Start, say};
use crate::Error;
use crate::child::Program;

const TRIES: usize = 5;
/// Until everything that a start sets going has come to rest.
const SETTLE: Duration = Duration::from_millis(700);

pub(super) async fn measure(setup: &Setup, rows: &mut Vec<Start>) -> Result<(), Error> {
    say("start");
    let workers = setup.workers.to_string();
    let programs = [
        ("bare", Program::Role(&["serve", "bare", &workers])),
        ("stock", Program::Role(&["serve", "stock", &workers])),
        ("ours", Program::Role(&["serve", "ours", &workers])),
        ("game-engine", Program::Service("game-engine")),
        ("analytics", Program::Service("analytics")),
        ("payment", Program::Service("payment")),
    ];
    let sentry = setup.sentry(0).await?;
    for (service, program) in programs {
        let (mut times, mut idle_mib) = (Vec::new(), 0.0);
        for _ in 0..TRIES {
            let started = setup.start(program, &sentry, &[]).await?;
            times.push(started.first_answer().await?.as_secs_f64() * 1e3);
            tokio::time::sleep(SETTLE).await;
            idle_mib = started.memory().0;
        }
        times.sort_by(f64::total_cmp);
        rows.push(Start { service, idle_mib, first_answer_ms: times[TRIES / 2] });
    }
    Ok(())
}
