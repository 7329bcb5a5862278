//! The provider's statement of the day: what it says was paid.

use std::num::ParseFloatError;

use sentry_context::report::{Reportable, Traced};
use sentry_context::step::Step;
use sentry_context::{Facts, facts};

/// Payments and amounts as the provider writes them. Since it moved to Frankfurt, it writes large amounts with a point
/// for the thousands and a comma for the cents.
const LINES: [(&str, &str); 3] = [("p-1041", "19.90"), ("p-1042", "5.00"), ("p-1043", "1.204,50")];

/// A line of the statement that is not understood.
#[derive(Debug, thiserror::Error)]
#[error("the amount `{amount}` of a payment is not a number")]
pub struct StatementError {
    payment: &'static str,
    amount: &'static str,
    source: ParseFloatError,
}

/// What the provider says was paid in all.
pub fn total() -> Result<f64, Traced<StatementError>> {
    let _statement = Step::silent("function", "read the provider's statement");
    let data = facts([("lines", LINES.len().into())]);
    let _step = Step::begin("statement", "adding up the lines of the statement", data);
    LINES.iter().try_fold(0.0, |total, (payment, text)| Ok(total + amount(payment, text)?))
}

fn amount(payment: &'static str, amount: &'static str) -> Result<f64, Traced<StatementError>> {
    Ok(amount.parse().map_err(|source| StatementError { payment, amount, source })?)
}

impl Reportable for StatementError {
    fn type_name(&self) -> &'static str {
        "StatementError"
    }

    fn context(&self) -> Option<(&'static str, Facts)> {
        let facts = facts([("payment", self.payment.into()), ("amount", self.amount.into())]);
        Some(("statement", facts))
    }
}
