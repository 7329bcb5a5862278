//! What happens after a spin: three steps side by side, of which two go wrong.

use std::time::Duration;

use sentry_context::step::Step;
use sentry_context::{breadcrumbs, facts, spawn};
use tokio::time::{sleep, timeout};

use crate::domain::jackpot;
use crate::error::{GameError, Result};

/// How long the leaderboard is given.
const LEADERBOARD_LIMIT: Duration = Duration::from_millis(500);
/// How long it takes today.
const LEADERBOARD_TAKES: Duration = Duration::from_secs(3);

/// A part of the settlement and how it went.
pub struct Settled {
    /// Name of the part.
    pub name: &'static str,
    /// What came of it.
    pub result: Result<()>,
}

/// Runs the parts side by side and waits for all of them.
pub async fn settle_spin() -> Vec<Settled> {
    let tasks = facts([("tasks", 3.into())]);
    let _step = Step::begin("settlement", "settling the spin in three tasks", tasks);
    let wallet = spawn::task(credit_wallet());
    let bonus = spawn::task(book_bonus());
    let board = spawn::task(update_leaderboard());
    let mut steps = Vec::with_capacity(3);
    for (name, task) in [("credit-wallet", wallet), ("book-bonus", bonus), ("update-leaderboard", board)] {
        let result = task.await.unwrap_or_else(|lost| Err(GameError::WorkLost(lost.into()).into()));
        let data = facts([("task", name.into()), ("ok", result.is_ok().into())]);
        let how = if result.is_ok() { "" } else { " with an error" };
        let message = format!("task {name} ended{how}");
        breadcrumbs::step("settlement", message, data);
        steps.push(Settled { name, result });
    }
    steps
}

async fn credit_wallet() -> Result<()> {
    let _task = Step::silent("function", "credit the wallet");
    sleep(Duration::from_millis(10)).await;
    Ok(())
}

async fn book_bonus() -> Result<()> {
    let _task = Step::silent("function", "book the bonus");
    sleep(Duration::from_millis(20)).await;
    jackpot::withdraw(500, 2_500).map_err(GameError::BonusRefused)?;
    Ok(())
}

async fn update_leaderboard() -> Result<()> {
    let _task = Step::silent("function", "update the leaderboard");
    let limit_ms = LEADERBOARD_LIMIT.as_millis() as u64;
    let answer = timeout(LEADERBOARD_LIMIT, sleep(LEADERBOARD_TAKES)).await;
    answer.map_err(|source| GameError::LeaderboardTimeout { limit_ms, source })?;
    Ok(())
}
