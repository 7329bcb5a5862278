//! What the payment provider says afterwards.

use std::time::Duration;

use sentry_context::sentry::types::Uuid;
use sentry_context::step::Step;
use sentry_context::{breadcrumbs, facts, report, spawn};
use tokio::time::sleep;

use crate::error::{PaymentError, Result};

/// How long the provider takes to confirm.
const CONFIRMATION_TAKES: Duration = Duration::from_millis(100);

/// Its confirmation: the amount in the notation of its own country.
const CONFIRMATION: &str = "12,50";

/// Has a payout confirmed. Nobody awaits the task: the player is not to wait for the provider, so that a failure has
/// nobody to go to but Sentry. Returns the id of its event; nil where Sentry is off.
pub fn confirm_later() -> Uuid {
    let _payout = Step::silent("function", "pay out");
    let _step = Step::begin("webhooks", "awaiting the confirmation beside the request", facts([]));
    let event = report::reserve_id();
    spawn::task(async move {
        if let Err(error) = confirm().await {
            error.report_as(event);
        }
    });
    event
}

/// The confirmed amount.
async fn confirm() -> Result<f64> {
    sleep(CONFIRMATION_TAKES).await;
    breadcrumbs::step("webhooks", "the provider confirmed", facts([("amount", CONFIRMATION.into())]));
    let unreadable = |source| PaymentError::Unconfirmed { amount: CONFIRMATION, source };
    Ok(CONFIRMATION.parse().map_err(unreadable)?)
}
