//! The payment processor outside, which refuses some payments: `ERROR_RATE` of them.

use sentry_context::{breadcrumbs, facts};

use crate::error::{PaymentError, Result};

/// Approves payments, most of them.
#[derive(Debug, Clone, Copy)]
pub struct Processor {
    error_rate: f64,
}

impl Processor {
    /// One that refuses this part of the payments, 0 to 1.
    pub fn new(error_rate: f64) -> Self {
        Self { error_rate }
    }

    /// Asks for approval; nothing has changed where it is refused.
    pub fn approve(&self) -> Result<()> {
        breadcrumbs::step(
            "processor",
            "asking for approval",
            facts([("error_rate", self.error_rate.into())]),
        );
        if rand::random_bool(self.error_rate) {
            return Err(PaymentError::ProcessorRefused.into());
        }
        Ok(())
    }
}
