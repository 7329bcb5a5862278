//! The nightly archive: several packers pack the rounds of a day, each a part.

use sentry_context::step::Step;
use sentry_context::{facts, spawn};
use tokio::sync::mpsc;

/// How many pack at once.
const PACKERS: usize = 3;

/// Rounds in the part of one packer.
const ROUNDS: usize = 1_000;

/// Packs everything; how many rounds there were.
pub async fn pack() -> usize {
    let _archive = Step::silent("function", "pack the rounds of the day");
    let (packed, mut results) = mpsc::channel(PACKERS);
    for _ in 0..PACKERS {
        let packed = packed.clone();
        spawn::task(async move { packed.send(ROUNDS).await });
    }
    let data = facts([("packers", PACKERS.into())]);
    let _step = Step::begin("archive", "waiting for the packers", data);
    let mut rounds = 0;
    // The results end when every sender is gone. This function holds one to its own end: it waits for itself.
    while let Some(part) = results.recv().await {
        rounds += part;
    }
    drop(packed);
    rounds
}
