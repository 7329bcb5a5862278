//! The day's settlement: payouts out of what the merchant account holds.

use std::time::Duration;

use sentry_context::step::Step;
use sentry_context::{breadcrumbs, facts, spawn};
use tokio::time::sleep;

use crate::error::{PaymentError, Result};

/// How long the bank takes to return a balance.
const BALANCE_TAKES: Duration = Duration::from_millis(100);

/// What the merchant account holds, cents.
const BALANCE: u64 = 180_000;

/// Settles payouts of so many cents in a task of its own, and awaits it; what the account holds then, cents.
pub async fn settle(payouts: u64) -> Result<u64> {
    let data = facts([("payouts_cents", payouts.into())]);
    let _step = Step::begin("settlement", "settling the day's payouts", data);
    let booked = spawn::task(book(payouts)).await;
    let booked = booked.unwrap_or_else(|lost| Err(PaymentError::WorkLost(lost).into()));
    // What the task itself noted went with its hub.
    let how = if booked.is_ok() { "" } else { " with an error" };
    breadcrumbs::step("settlement", format!("the task ended{how}"), facts([("ok", booked.is_ok().into())]));
    booked
}

async fn book(payouts: u64) -> Result<u64> {
    let _task = Step::silent("function", "book the payouts");
    ask_the_bank().await;
    let uncovered = || PaymentError::Uncovered { payouts, balance: BALANCE };
    Ok(BALANCE.checked_sub(payouts).ok_or_else(uncovered)?)
}

/// The bank takes its time.
async fn ask_the_bank() {
    let _bank = Step::silent("function", "ask the bank for the balance");
    sleep(BALANCE_TAKES).await;
}
